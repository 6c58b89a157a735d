import type { AttachmentId } from '@lash/attachments-core'
import type { RefColumns } from '@lash/attachments-core/backend'
import type { Database } from '../database/database.ts'
import { byteaOf } from '../database/statement.ts'
import { StatementBatcher } from '../database/statement-batcher.ts'
import type { ManifestStatements } from './manifest-statements.ts'

/** A row of refs. */
export interface RefRow extends RefColumns {
  id: string
}

interface RefKey {
  readonly sessionId: string
  readonly id: AttachmentId
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
  find(sessionId: string, id: AttachmentId): Promise<RefRow | null> {
    return this.#batcher.run({ sessionId, id })
  }

  async #find({ sessionId, id }: RefKey): Promise<RefRow | null> {
    const { rows } = await this.#database.query<RefRow>(this.#sql.lookup, [sessionId, byteaOf(id)])
    return rows[0] ?? null
  }

  async #findMany(keys: readonly RefKey[], signal: AbortSignal): Promise<(RefRow | null)[]> {
    const values = [keys.map(({ sessionId }) => sessionId), keys.map(({ id }) => byteaOf(id))]
    const { rows } = await this.#database.query<RefRow>(this.#sql.lookupMany, values, signal)
    const found = new Map(rows.map(row => [keyText(row.session_id, row.id), row]))
    return keys.map(({ sessionId, id }) => found.get(keyText(sessionId, id)) ?? null)
  }
}

function keyText(sessionId: string, id: string): string {
  return `${id} ${sessionId}`
}
