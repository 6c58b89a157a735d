import type { Database } from '../database/database.ts'
import { codeOf } from '../database/postgres-error.ts'
import { type FloorStatements, floorStatements } from './floor-statements.ts'

/** Most tombstones that one transaction purges: while it lasts, no new content can be put. */
const batchSize = 500

/** Forgets the generations of content that nobody has referred to for long, and raises the floor above them. */
export class Purge {
  readonly #database: Database
  readonly #sql: FloorStatements

  constructor(database: Database) {
    this.#database = database
    this.#sql = floorStatements(database.schema)
  }

  /** Purges the tombstones from until that time, the oldest first, and more than the limit by a batch at most. */
  async run(until: number, limit: number): Promise<void> {
    for (let purged = 0; purged <= limit; purged += batchSize) {
      if ((await this.#purgeBatch(until)) < batchSize) return
    }
  }

  async #purgeBatch(until: number): Promise<number> {
    try {
      return await this.#database.transaction(undefined, async session => {
        await session.query(this.#sql.limitWait, [])
        await session.query(this.#sql.lockFloor, [])
        const { rows } = await session.query<{ count: string }>(this.#sql.purge, [until, batchSize])
        return Number(rows[0]?.count)
      })
    } catch (error) {
      // Somebody is adding content and waits for a host, while others wait for this purge. A later one does it.
      if (codeOf((error as Error).cause) === lockNotAvailable) return 0
      throw error
    }
  }
}

const lockNotAvailable = '55P03'
