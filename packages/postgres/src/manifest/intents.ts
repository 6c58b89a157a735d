import type { AttachmentCreateMeta } from '@lash/attachments-core'
import { type CheckedIntent, metaColumns } from '@lash/attachments-core/backend'
import type { QueryResultRow } from 'pg'
import { columnArray, concatenatedBodies, metaColumnArrays } from '../database/batch-parameters.ts'
import type { Database } from '../database/database.ts'
import { byteaOf, type Statement } from '../database/statement.ts'
import { StatementBatcher } from '../database/statement-batcher.ts'
import type { InsertResult } from '../store/blob-row.ts'
import { maxSharedBytes } from '../store/small-blob-writer.ts'
import { holderColumns } from './holder-columns.ts'
import { type IntentStatements, intentStatements } from './intent-statements.ts'

/** An intent with the bytes that go into the row of their blob. */
export interface IntentWithBytes {
  readonly intent: CheckedIntent & { meta: AttachmentCreateMeta }
  readonly bytes: Uint8Array
}

/** The generation of the intent, and what the insert of the blob met there. */
export type PutRow = InsertResult & { generation: string }

interface RecordedRow {
  id: string
  session_id: string
  /** The key of the holder. */
  holder: string
  generation: string
}

/** Assumed size of an intent in a statement, in bytes. */
const assumedBytes = 512

/** Records intents, with or without their bytes, many at once in one statement. */
export class Intents {
  readonly #database: Database
  readonly #sql: IntentStatements
  readonly #records: StatementBatcher<CheckedIntent, string>
  readonly #puts: StatementBatcher<IntentWithBytes, PutRow>

  constructor(database: Database) {
    this.#database = database
    this.#sql = intentStatements(database.schema)
    this.#records = new StatementBatcher<CheckedIntent, string>({
      single: intent => this.#record(intent),
      batch: (intents, signal) => this.#recordMany(intents, signal),
      keyOf: keyText,
      byteLengthOf: () => assumedBytes,
    })
    this.#puts = new StatementBatcher<IntentWithBytes, PutRow>({
      single: (put, signal) => this.#recordAndPut(put, signal),
      batch: (puts, signal) => this.#recordAndPutMany(puts, signal),
      keyOf: ({ intent }) => keyText(intent),
      byteLengthOf: ({ bytes }) => assumedBytes + bytes.byteLength,
    })
  }

  /** @returns the generation. */
  async record(intent: CheckedIntent): Promise<number> {
    return Number(await this.#records.run(intent))
  }

  recordAndPut(put: IntentWithBytes, signal: AbortSignal | undefined): Promise<PutRow> {
    return put.bytes.byteLength <= maxSharedBytes ? this.#puts.run(put, signal) : this.#recordAndPut(put, signal)
  }

  async #record(intent: CheckedIntent): Promise<string> {
    return (await this.#untilRecorded<{ generation: string }>(this.#sql.record, intentValues(intent))).generation
  }

  async #recordAndPut({ intent, bytes }: IntentWithBytes, signal: AbortSignal | undefined): Promise<PutRow> {
    const values = [...intentValues(intent), bytes]
    return this.#untilRecorded<PutRow>(this.#sql.recordAndPut, values, signal)
  }

  /** Repeats the statement for each claim that another transaction makes meanwhile. */
  async #untilRecorded<Row extends QueryResultRow>(
    sql: Statement,
    values: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<Row> {
    for (;;) {
      const { rows } = await this.#database.query<Row>(sql, values, signal)
      if (rows[0] !== undefined) return rows[0]
    }
  }

  async #recordMany(intents: readonly CheckedIntent[], signal: AbortSignal) {
    const { rows } = await this.#database.query<RecordedRow>(this.#sql.recordMany, intentArrays(intents), signal)
    const recorded = byKey(rows)
    return intents.map(intent => recorded.get(keyText(intent))?.generation)
  }

  async #recordAndPutMany(puts: readonly IntentWithBytes[], signal: AbortSignal) {
    const values = [
      ...intentArrays(puts.map(({ intent }) => intent)),
      ...concatenatedBodies(puts.map(({ bytes }) => bytes)),
    ]
    const { rows } = await this.#database.query<RecordedRow & PutRow>(this.#sql.recordAndPutMany, values, signal)
    const recorded = byKey(rows)
    return puts.map(({ intent }) => recorded.get(keyText(intent)))
  }
}

function intentValues({
  attachmentId,
  sessionId,
  holder,
  byteLength,
  intentAtEpochMs,
  meta,
}: CheckedIntent): unknown[] {
  const columns = holderColumns(holder)
  const key = [byteaOf(attachmentId), sessionId, columns.holder, columns.long_holder]
  return [...key, byteLength, intentAtEpochMs, ...metaColumns(meta)]
}

function intentArrays(intents: readonly CheckedIntent[]): unknown[] {
  const holders = intents.map(({ holder }) => holderColumns(holder))
  return [
    intents.map(({ attachmentId }) => byteaOf(attachmentId)),
    intents.map(({ sessionId }) => sessionId),
    holders.map(({ holder }) => holder),
    columnArray(holders.map(({ long_holder }) => long_holder)),
    intents.map(({ byteLength }) => byteLength),
    intents.map(({ intentAtEpochMs }) => intentAtEpochMs),
    ...metaColumnArrays(intents.map(({ meta }) => meta)),
  ]
}

function byKey<Row extends RecordedRow>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map(row => [rowKeyText(row.id, row.session_id, row.holder), row]))
}

function keyText({ attachmentId, sessionId, holder }: CheckedIntent): string {
  return rowKeyText(attachmentId, sessionId, holderColumns(holder).holder)
}

/** No session id and no holder has a NUL in it. */
function rowKeyText(id: string, sessionId: string, holderKey: string): string {
  return `${id}${sessionId}\0${holderKey}`
}
