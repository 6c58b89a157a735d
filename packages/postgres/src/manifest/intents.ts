import type { AttachmentCreateMeta, AttachmentIntent } from '@lash/attachments-core'
import { metaColumns } from '@lash/attachments-core/backend'
import type { QueryResultRow } from 'pg'
import { concatenatedBodies, metaColumnArrays } from '../database/batch-parameters.ts'
import type { Database } from '../database/database.ts'
import { byteaOf, type Statement } from '../database/statement.ts'
import { StatementBatcher } from '../database/statement-batcher.ts'
import type { InsertResult } from '../store/blob-row.ts'
import { maxSharedBytes } from '../store/small-blob-writer.ts'
import { type IntentStatements, intentStatements } from './intent-statements.ts'

/** An intent with the bytes that go into the row of their blob. */
export interface IntentWithBytes {
  readonly intent: AttachmentIntent & { meta: AttachmentCreateMeta }
  readonly bytes: Uint8Array
}

/** The generation of the intent, and what the insert of the blob met there. */
export type PutRow = InsertResult & { generation: string }

interface RecordedRow {
  id: string
  session_id: string
  generation: string
}

/** Assumed size of an intent in a statement, in bytes. */
const assumedBytes = 512

/** Records intents, with or without their bytes, many at once in one statement. */
export class Intents {
  readonly #database: Database
  readonly #sql: IntentStatements
  readonly #records: StatementBatcher<AttachmentIntent, string>
  readonly #puts: StatementBatcher<IntentWithBytes, PutRow>

  constructor(database: Database) {
    this.#database = database
    this.#sql = intentStatements(database.schema)
    this.#records = new StatementBatcher<AttachmentIntent, string>({
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
  async record(intent: AttachmentIntent): Promise<number> {
    return Number(await this.#records.run(intent))
  }

  recordAndPut(put: IntentWithBytes, signal: AbortSignal | undefined): Promise<PutRow> {
    return put.bytes.byteLength <= maxSharedBytes ? this.#puts.run(put, signal) : this.#recordAndPut(put, signal)
  }

  async #record(intent: AttachmentIntent): Promise<string> {
    return (await this.#untilRecorded<{ generation: string }>(this.#sql.record, intentValues(intent))).generation
  }

  async #recordAndPut({ intent, bytes }: IntentWithBytes, signal: AbortSignal | undefined): Promise<PutRow> {
    const values = [...intentValues(intent), bytes.byteLength, bytes]
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

  async #recordMany(intents: readonly AttachmentIntent[], signal: AbortSignal) {
    const { rows } = await this.#database.query<RecordedRow>(this.#sql.recordMany, intentArrays(intents), signal)
    const recorded = byKey(rows)
    return intents.map(intent => recorded.get(keyText(intent))?.generation)
  }

  async #recordAndPutMany(puts: readonly IntentWithBytes[], signal: AbortSignal) {
    const bodies = puts.map(({ bytes }) => bytes)
    const values = [
      ...intentArrays(puts.map(({ intent }) => intent)),
      bodies.map(({ byteLength }) => byteLength),
      ...concatenatedBodies(bodies),
    ]
    const { rows } = await this.#database.query<RecordedRow & PutRow>(this.#sql.recordAndPutMany, values, signal)
    const recorded = byKey(rows)
    return puts.map(({ intent }) => recorded.get(keyText(intent)))
  }
}

function intentValues({ attachmentId, sessionId, intentAtEpochMs, meta }: AttachmentIntent): unknown[] {
  return [byteaOf(attachmentId), sessionId, intentAtEpochMs, ...metaColumns(meta)]
}

function intentArrays(intents: readonly AttachmentIntent[]): unknown[] {
  return [
    intents.map(({ attachmentId }) => byteaOf(attachmentId)),
    intents.map(({ sessionId }) => sessionId),
    intents.map(({ intentAtEpochMs }) => intentAtEpochMs),
    ...metaColumnArrays(intents.map(({ meta }) => meta)),
  ]
}

function byKey<Row extends RecordedRow>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map(row => [keyText({ attachmentId: row.id, sessionId: row.session_id }), row]))
}

function keyText({ attachmentId, sessionId }: { attachmentId: string; sessionId: string }): string {
  return `${attachmentId} ${sessionId}`
}
