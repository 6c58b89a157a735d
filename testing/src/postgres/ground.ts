import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { FaultProxy } from './fault-proxy.ts'

/** The server that the tests use; `startServices` tells where it is. */
export function postgresUrl(): string {
  const url = process.env.LASH_TEST_POSTGRES_URL
  if (!url) throw new Error('LASH_TEST_POSTGRES_URL is not set: run the tests with their global setup')
  return url
}

/**
 * What a harness shares: an administrator's pool, and a role without rights of its own that reaches the server through
 * a proxy. Made when first needed.
 */
export class PostgresGround {
  #made: Promise<Ground> | undefined

  /** An empty schema that the role owns. */
  async freshSchema(): Promise<FreshSchema> {
    this.#made ??= makeGround()
    const { admin, role, url, proxy, password } = await this.#made
    const schema = `test_${randomBytes(8).toString('hex')}`
    await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${role}`)
    return {
      schema,
      url,
      admin,
      proxy,
      password,
      deny: async () => {
        await admin.query(`REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${role}`)
        return async () => void (await admin.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}`))
      },
      drop: async () => void (await admin.query(`DROP SCHEMA ${schema} CASCADE`)),
    }
  }

  async cleanup(): Promise<void> {
    if (this.#made === undefined) return
    const { admin, role, proxy } = await this.#made
    await admin.query(`DROP OWNED BY ${role} CASCADE`)
    await admin.query(`DROP ROLE ${role}`)
    await admin.end()
    await proxy.close()
  }
}

export interface FreshSchema {
  readonly schema: string
  /** Of the role, through the proxy. */
  readonly url: string
  readonly admin: pg.Pool
  readonly proxy: FaultProxy
  readonly password: string
  /** Takes away the role's rights to the tables; the function that it gives restores them. */
  deny(): Promise<() => Promise<void>>
  drop(): Promise<void>
}

interface Ground {
  admin: pg.Pool
  role: string
  password: string
  url: string
  proxy: FaultProxy
}

async function makeGround(): Promise<Ground> {
  const admin = new pg.Pool({ connectionString: postgresUrl(), max: 4, allowExitOnIdle: true })
  admin.on('error', () => {})
  const role = `test_${randomBytes(8).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`)
  const proxy = await FaultProxy.before(postgresUrl())
  const url = new URL(proxy.url(postgresUrl()))
  url.username = role
  url.password = password
  return { admin, role, password, url: url.href, proxy }
}
