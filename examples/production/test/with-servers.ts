import { describe } from 'vitest'
import { Ground } from '../src/ground.ts'
import { openServers } from '../src/servers.ts'

const needed = ['LASH_TEST_POSTGRES_URL', 'LASH_TEST_S3_ENDPOINT']
const missing = needed.filter(name => !process.env[name])

if (missing.length > 0) {
  const reason = `examples/production needs servers: ${missing.join(' and ')} not set`
  if (process.env.CI === 'true') throw new Error(reason)
  console.log(`${reason}; skipped`)
}

/** Tests that need the servers of the test run. Without them they are skipped, which is printed; with `CI=true` that is a failure. */
export const describeWithServers: (name: string, suite: () => void) => void =
  missing.length === 0 ? describe : describe.skip

/** A schema and a prefix of the test's own. */
export async function makeGround(): Promise<Ground> {
  return Ground.make(await openServers(console.log))
}
