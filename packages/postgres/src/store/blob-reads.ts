import type { AttachmentKey } from '@lash/attachments-core'
import type { Database } from '../database/database.ts'
import { Gathering } from '../database/gathering.ts'
import { byteaOf } from '../database/statement.ts'
import { CopyOut, type CopyValue } from '../protocol/copy-protocol.ts'
import type { BlobRow } from './blob-row.ts'
import type { BlobStatements } from './blob-statements.ts'

/** A blob, and its bytes where they are in its row and not many. */
export interface ReadRow extends BlobRow {
  /** Whether the bytes are in the row; otherwise they are in chunks. */
  in_row: boolean
  /** The caller's own. */
  bytes: Uint8Array | null
}

/** Reads the rows of blobs; many that are asked for at once in one statement. */
export class BlobReads {
  readonly #database: Database
  readonly #sql: BlobStatements
  readonly #gathering: Gathering<AttachmentKey, { row: ReadRow | undefined }>

  constructor(database: Database, sql: BlobStatements) {
    this.#database = database
    this.#sql = sql
    this.#gathering = new Gathering<AttachmentKey, { row: ReadRow | undefined }>({
      alone: async (key, signal) => ({ row: await this.#read(key, signal) }),
      together: (keys, signal) => this.#readMany(keys, signal),
      weightOf: () => usualWeight,
    })
  }

  /** The row, or undefined when there is none. */
  async read(key: AttachmentKey, signal: AbortSignal | undefined): Promise<ReadRow | undefined> {
    return (await this.#gathering.run(key, signal)).row
  }

  async #read({ id, generation }: AttachmentKey, signal: AbortSignal | undefined): Promise<ReadRow | undefined> {
    const { rows } = await this.#database.query<ReadRow>(this.#sql.read, [byteaOf(id), generation], signal)
    return rows[0]
  }

  /** Binary, by a COPY: as text the bytes would be twice as many. */
  async #readMany(keys: readonly AttachmentKey[], signal: AbortSignal) {
    let found: { row: ReadRow | undefined }[] = []
    await this.#database.submit(() => {
      found = keys.map(() => ({ row: undefined }))
      return new CopyOut(this.#sql.copyRowsOut(keys), ([place, ...values]) => {
        found[int32Of(place)] = { row: rowOf(values) }
      })
    }, signal)
    return found
  }
}

/** What a read is taken to bring, in bytes: nobody knows before it is done. */
const usualWeight = 16 * 1024

function rowOf([length, mediaType, width, height, label, inRow, bytes]: readonly CopyValue[]): ReadRow {
  return {
    byte_length: String(length?.readBigInt64BE()),
    media_type: textOf(mediaType),
    width: width == null ? null : int32Of(width),
    height: height == null ? null : int32Of(height),
    label: textOf(label),
    in_row: inRow?.[0] === 1,
    bytes: owned(bytes),
  }
}

/** A copy of what is in a buffer of the connection. */
function owned(bytes: Uint8Array | null | undefined): Uint8Array | null {
  return bytes == null ? null : new Uint8Array(bytes)
}

function int32Of(value: CopyValue | undefined): number {
  return (value as Buffer).readInt32BE()
}

function textOf(value: CopyValue | undefined): string | null {
  return value == null ? null : value.toString('utf8')
}
