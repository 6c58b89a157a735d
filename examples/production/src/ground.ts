import { randomBytes } from 'node:crypto'
import { deploy } from './host/deploy.ts'
import { type Host, openHost } from './host/host.ts'
import type { HostSettings } from './host/settings.ts'
import type { CleanUp } from './report.ts'
import type { Servers } from './servers.ts'

/** A schema and a prefix of this run's own, and the host opened on them. Both are gone when this is disposed of. */
export class Ground implements AsyncDisposable {
  readonly settings: HostSettings
  readonly host: Host
  #cleaned = false

  private constructor(settings: HostSettings) {
    this.settings = settings
    this.host = openHost(settings, 'production-example')
  }

  static async make(servers: Servers): Promise<Ground> {
    const name = randomBytes(4).toString('hex')
    const ground = new Ground({
      ...servers.settings,
      schema: `production_example_${name}`,
      prefix: `production-example/${name}/`,
    })
    try {
      await deploy(ground.host.pool, ground.settings.schema)
      return ground
    } catch (error) {
      await ground[Symbol.asyncDispose]().catch(() => {})
      throw error
    }
  }

  /** Removes everything that this run made, and looks whether it is gone. */
  async clean(): Promise<CleanUp> {
    const { pool, store } = this.host
    this.#cleaned = true
    await pool.query(`DROP SCHEMA IF EXISTS ${this.settings.schema} CASCADE`)
    const deleting: Promise<void>[] = []
    // Deletes of one tick go to the server together.
    for await (const { id, generation } of store.list()) deleting.push(store.delete(id, { generation }))
    await Promise.all(deleting)
    let objectsLeft = 0
    for await (const _ of store.list()) objectsLeft++
    const { rows } = await pool.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [this.settings.schema])
    return { objectsDeleted: deleting.length, objectsLeft, schemaLeft: rows.length > 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.#cleaned) await this.clean()
    } finally {
      await this.host[Symbol.asyncDispose]()
    }
  }
}
