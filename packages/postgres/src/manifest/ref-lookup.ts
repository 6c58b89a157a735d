import type { AttachmentId, AttachmentManifestEntry } from '@lash/attachments-core'
import { entryOf, type RefColumns } from '@lash/attachments-core/backend'
import type { Database } from '../database/database.ts'
import { byteaOf } from '../database/statement.ts'
import { StatementBatcher } from '../database/statement-batcher.ts'
import { type HolderColumns, holderKey, holderOf } from './holder-columns.ts'
import type { ManifestStatements } from './manifest-statements.ts'

/** A row of refs. */
export interface RefRow extends RefColumns, HolderColumns {
  id: string
}

export function entryOfRow(row: RefRow): AttachmentManifestEntry {
  return entryOf(row.id, { ...row, holder: holderOf(row) })
}

interface RefKey {
  readonly sessionId: string
  readonly id: AttachmentId
  /** Null: whichever ref of the session comes first. */
  readonly holder: string | null
}

/** Assumed size of a row, in bytes. */
const assumedBytes = 512

/** Looks up refs, many at once in one statement. */
export class RefLookup {
  readonly #database: Database
  readonly #sql: ManifestStatements
  readonly #batcher: StatementBatcher<RefKey, RefRow | null>

  constructor(database: Database, sql: ManifestStatements) {
    this.#database = database
    this.#sql = sql
    this.#batcher = new StatementBatcher<RefKey, RefRow | null>({
      single: key => this.#find(key),
      batch: (keys, signal) => this.#findMany(keys, signal),
      byteLengthOf: () => assumedBytes,
    })
  }

  /** The row, or null when there is none. */
  find(sessionId: string, id: AttachmentId, holder: string | undefined): Promise<RefRow | null> {
    return this.#batcher.run({ sessionId, id, holder: holder === undefined ? null : holderKey(holder) })
  }

  async #find({ sessionId, id, holder }: RefKey): Promise<RefRow | null> {
    const key = [sessionId, byteaOf(id)]
    const { rows } =
      holder === null
        ? await this.#database.query<RefRow>(this.#sql.lookup, key)
        : await this.#database.query<RefRow>(this.#sql.lookupHeld, [...key, holder])
    return rows[0] ?? null
  }

  async #findMany(keys: readonly RefKey[], signal: AbortSignal): Promise<(RefRow | null)[]> {
    const values = [
      keys.map(({ sessionId }) => sessionId),
      keys.map(({ id }) => byteaOf(id)),
      keys.map(({ holder }) => holder),
    ]
    const { rows } = await this.#database.query<PlacedRow>(this.#sql.lookupMany, values, signal)
    const found = new Map(rows.map(row => [Number(row.place), row]))
    return keys.map((_, index) => found.get(index + 1) ?? null)
  }
}

type PlacedRow = RefRow & { place: string }
