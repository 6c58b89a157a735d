import { startPostgres } from '@lash/attachments-testing/postgres'
import { s3Environment, startS3 } from '@lash/attachments-testing/s3'
import type { Backend } from './cell.ts'

export interface BenchServices {
  /** Where the servers are, for the contenders. */
  readonly env: NodeJS.ProcessEnv
  /** Why a backend cannot be measured, or undefined. */
  unavailable(backend: Backend): string | undefined
  stop(): Promise<void>
}

/** Starts the servers that the backends need: those that the tests use, with PostgreSQL syncing its commits. */
export async function startServices(needed: ReadonlySet<Backend>): Promise<BenchServices> {
  const env: NodeJS.ProcessEnv = {}
  const started: { stop(): Promise<void> }[] = []
  const missing = new Map<Backend, string>()
  if (needed.has('postgres')) {
    const postgres = await startPostgres({ fsync: true })
    started.push(postgres)
    env.LASH_TEST_POSTGRES_URL = postgres.url
  }
  if (needed.has('s3')) {
    const s3 = await startS3()
    if (s3 === undefined) missing.set('s3', 'there is no S3 server')
    else {
      started.push(s3)
      Object.assign(env, s3Environment(s3))
    }
  }
  return {
    env,
    unavailable: backend => missing.get(backend),
    async stop() {
      for (const server of started) await server.stop()
    },
  }
}
