import type { Backend, Operation } from '../measure/cell.ts'
import type { Contender } from './contender.ts'
import { withReads } from './reads.ts'

/** Those that take part in an operation. */
export async function contendersIn(backend: Backend, operation: Operation): Promise<readonly Contender[]> {
  if (operation === 'fork') return (await import('../forks/contenders.ts')).forkContenders(backend)
  return (await contendersOf(backend)).filter(({ operations }) => operations?.includes(operation) ?? true)
}

/** Loads the contenders of one backend alone, so that none pays for the libraries of another. */
async function contendersOf(backend: Backend): Promise<readonly Contender[]> {
  return withReads(await load(backend))
}

async function load(backend: Backend): Promise<readonly Contender[]> {
  switch (backend) {
    case 'memory':
      return (await import('./memory.ts')).contenders
    case 'fs':
      return (await import('./fs.ts')).contenders
    case 'sqlite':
      return (await import('./sqlite.ts')).contenders
    case 'postgres':
      return (await import('./postgres.ts')).contenders
    case 's3':
      return (await import('./s3.ts')).contenders
  }
}
