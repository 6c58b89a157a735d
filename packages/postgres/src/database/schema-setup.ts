import type { ClientBase, Pool } from 'pg'
import { ClientCheckout } from './client-checkout.ts'
import { checkConnection } from './connection-check.ts'
import { explained } from './postgres-error.ts'
import { checkSeesAll, checkVersion, installedVersion, migrate, schemaVersion, versionWithin } from './schema.ts'

/** Makes sure that the schema is there and is the one that this version of the package needs. */
export class SchemaSetup {
  readonly #pool: Pool
  readonly #schema: string
  readonly #migrate: boolean
  #running: Promise<void> | undefined
  #done = false
  #doneWithin = false

  /** @param migrate - whether to create the schema, or bring it up to date. */
  constructor(pool: Pool, schema: string, migrate: boolean) {
    this.#pool = pool
    this.#schema = schema
    this.#migrate = migrate
  }

  get done(): boolean {
    return this.#done
  }

  /** Does its work once, and again after a failure. */
  run(): Promise<void> {
    this.#running ??= this.#run().then(
      () => {
        this.#done = true
      },
      error => {
        this.#running = undefined
        throw explained(error, this.#schema)
      },
    )
    return this.#running
  }

  async #run(): Promise<void> {
    const client = await this.#pool.connect()
    const checkout = new ClientCheckout(this.#pool, client, undefined)
    try {
      await checkout.checkNoTransaction()
      await checkConnection(client)
      const version = await installedVersion(client, this.#schema)
      if (version < schemaVersion && this.#migrate) await migrate(client, this.#schema)
      else checkVersion(version, this.#schema)
      await checkSeesAll(client, this.#schema)
    } catch (error) {
      checkout.failed(error)
      throw error
    } finally {
      checkout.end()
    }
  }

  /**
   * As {@link run}, on the client of a host that has a transaction open, since the pool may have no other connection.
   * It only looks for the schema, and never creates it. It raises no SQL error, which would abort the transaction.
   * @returns false when there is no schema yet and the first use may create it: then nothing has ever been recorded.
   */
  async checkWithin(client: ClientBase): Promise<boolean> {
    await checkConnection(client)
    if (this.#done || this.#doneWithin) return true
    const version = await versionWithin(client, this.#schema)
    if (version === 0 && this.#migrate) return false
    checkVersion(version, this.#schema)
    await checkSeesAll(client, this.#schema)
    this.#doneWithin = true
    return true
  }
}
