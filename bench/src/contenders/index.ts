import type { Backend } from '../measure/cell.ts'
import type { Contender } from './contender.ts'
import { withReads } from './reads.ts'

/** Loads the contenders of one backend alone, so that none pays for the libraries of another. */
export async function contendersOf(backend: Backend): Promise<readonly Contender[]> {
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
