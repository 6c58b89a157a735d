import { type PostgresServer, startPostgres } from '../postgres/server.ts'
import { type RedisServer, startRedis } from '../redis/server.ts'
import { type S3Service, s3Environment, startS3 } from '../s3/server.ts'

export { chromiumHint, ensureChromium, findChromium } from './chromium.ts'
export { ensureStrace } from './strace.ts'

export interface TestServices {
  readonly postgres: PostgresServer
  /** Undefined where no S3 server can be had, which has been said then. */
  readonly s3: S3Service | undefined
  /** Undefined where no Redis can be had, which has been said then. */
  readonly redis: RedisServer | undefined
  stop(): Promise<void>
}

/**
 * Tests kill processes and restart the server, and never cut the power of its machine: nothing depends on its syncs.
 * They make thousands of connections.
 */
const cheaperSettings = ['full_page_writes=off', 'scram_iterations=1']

/**
 * Starts the servers that the tests need and tells where they are in the environment, which test processes inherit.
 * Servers that the environment names already are used as they are.
 * @throws Error when a server cannot be had and `CI` is true.
 */
export async function startServices(): Promise<TestServices> {
  const before = { ...process.env }
  const postgres = await startPostgres({ fsync: false, settings: cheaperSettings })
  let redis: RedisServer | undefined
  try {
    redis = await startRedis()
    const s3 = await startS3()
    const told: Record<string, string> = {
      LASH_TEST_POSTGRES_URL: postgres.url,
      ...(redis && { LASH_TEST_REDIS_URL: redis.url }),
      ...(s3 && s3Environment(s3)),
    }
    Object.assign(process.env, told)
    return {
      postgres,
      s3,
      redis,
      async stop() {
        for (const name of Object.keys(told)) {
          if (before[name] === undefined) delete process.env[name]
        }
        await Promise.all([postgres.stop(), s3?.stop(), redis?.stop()])
      },
    }
  } catch (error) {
    await Promise.all([postgres.stop(), redis?.stop()])
    throw error
  }
}
