import { type PostgresServer, startPostgres } from './postgres.ts'

export { type PostgresServer, type PostgresServerOptions, startPostgres, startPrivatePostgres } from './postgres.ts'

export interface TestServices {
  readonly postgres: PostgresServer
  stop(): Promise<void>
}

/**
 * Starts the servers that the tests need and tells where they are in the environment, which test processes inherit. Servers that the
 * environment names already are used as they are.
 */
export async function startServices(): Promise<TestServices> {
  const postgres = await startPostgres()
  process.env.LASH_TEST_POSTGRES_URL = postgres.url
  return {
    postgres,
    async stop() {
      if (postgres.own) delete process.env.LASH_TEST_POSTGRES_URL
      await postgres.stop()
    },
  }
}
