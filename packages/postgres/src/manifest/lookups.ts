import type { AttachmentId } from '@lash/attachments-core'
import type { Database } from '../database/database.ts'
import { Gathering } from '../database/gathering.ts'
import { byteaOf } from '../database/statement.ts'
import type { RefColumns } from './entry-row.ts'
import type { ManifestStatements } from './manifest-statements.ts'

/** Whose ref to what. */
interface Held {
  readonly session: string
  readonly id: AttachmentId
}

interface Found {
  readonly row: RefColumns | undefined
}

/** Looks up refs; many that are asked for at once in one statement. */
export class Lookups {
  readonly #database: Database
  readonly #sql: ManifestStatements
  readonly #gathering: Gathering<Held, Found>

  constructor(database: Database, sql: ManifestStatements) {
    this.#database = database
    this.#sql = sql
    this.#gathering = new Gathering<Held, Found>({
      alone: held => this.#lookUp(held),
      together: (held, signal) => this.#lookUpMany(held, signal),
      weightOf: () => usualWeight,
    })
  }

  async lookUp(session: string, id: AttachmentId): Promise<RefColumns | undefined> {
    return (await this.#gathering.run({ session, id })).row
  }

  async #lookUp({ session, id }: Held): Promise<Found> {
    const { rows } = await this.#database.query<RefColumns>(this.#sql.lookup, [session, byteaOf(id)])
    return { row: rows[0] }
  }

  async #lookUpMany(held: readonly Held[], signal: AbortSignal): Promise<Found[]> {
    const values = [held.map(({ session }) => session), held.map(({ id }) => byteaOf(id))]
    const { rows } = await this.#database.query<RefColumns>(this.#sql.lookupMany, values, signal)
    const found = new Map(rows.map(row => [keyText(row.session_id, row.id), row]))
    return held.map(({ session, id }) => ({ row: found.get(keyText(session, id)) }))
  }
}

/** About what an entry takes, in bytes. */
const usualWeight = 512

function keyText(session: string, id: string): string {
  return `${id} ${session}`
}
