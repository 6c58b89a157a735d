import type { AttachmentCreateMeta, AttachmentIntent } from '@lash/attachments-core'
import type { QueryResultRow } from 'pg'
import type { Database } from '../database/database.ts'
import { Gathering } from '../database/gathering.ts'
import { joinedBodies, metaArrays } from '../database/shared-columns.ts'
import { byteaOf, type Statement } from '../database/statement.ts'
import { metaColumns } from '../store/blob-row.ts'
import type { InsertedRow } from '../store/blob-state.ts'
import { sharedBytes } from '../store/small-puts.ts'
import { type IntentStatements, intentStatements } from './intent-statements.ts'

/** An intent with the bytes that go into the row of their blob. */
export interface IntentWithBytes {
  readonly intent: AttachmentIntent & { meta: AttachmentCreateMeta }
  readonly bytes: Uint8Array
}

/** The generation, and what the put at it met. */
export type PutRow = InsertedRow & { generation: string }

interface RecordedRow {
  id: string
  session_id: string
  generation: string
}

/** About what an intent takes in a statement, in bytes. */
const intentWeight = 512

/** Records intents, with or without the bytes; many that come at once in one statement. */
export class Intents {
  readonly #database: Database
  readonly #sql: IntentStatements
  readonly #records: Gathering<AttachmentIntent, string>
  readonly #puts: Gathering<IntentWithBytes, PutRow>

  constructor(database: Database) {
    this.#database = database
    this.#sql = intentStatements(database.schema)
    this.#records = new Gathering<AttachmentIntent, string>({
      alone: intent => this.#record(intent),
      together: (intents, signal) => this.#recordMany(intents, signal),
      keyOf: keyText,
      weightOf: () => intentWeight,
    })
    this.#puts = new Gathering<IntentWithBytes, PutRow>({
      alone: (put, signal) => this.#recordAndPut(put, signal),
      together: (puts, signal) => this.#recordAndPutMany(puts, signal),
      keyOf: ({ intent }) => keyText(intent),
      weightOf: ({ bytes }) => intentWeight + bytes.byteLength,
    })
  }

  /** @returns the generation. */
  async record(intent: AttachmentIntent): Promise<number> {
    return Number(await this.#records.run(intent))
  }

  recordAndPut(put: IntentWithBytes, signal: AbortSignal | undefined): Promise<PutRow> {
    return put.bytes.byteLength <= sharedBytes ? this.#puts.run(put, signal) : this.#recordAndPut(put, signal)
  }

  async #record(intent: AttachmentIntent): Promise<string> {
    return (await this.#untilRecorded<{ generation: string }>(this.#sql.record, intentValues(intent))).generation
  }

  async #recordAndPut({ intent, bytes }: IntentWithBytes, signal: AbortSignal | undefined): Promise<PutRow> {
    const values = [...intentValues(intent), bytes.byteLength, bytes]
    return this.#untilRecorded<PutRow>(this.#sql.recordAndPut, values, signal)
  }

  /** Once more for each claim that it meets being made. */
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
      ...joinedBodies(bodies),
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
    ...metaArrays(intents.map(({ meta }) => meta)),
  ]
}

function byKey<Row extends RecordedRow>(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map(row => [keyText({ attachmentId: row.id, sessionId: row.session_id }), row]))
}

function keyText({ attachmentId, sessionId }: { attachmentId: string; sessionId: string }): string {
  return `${attachmentId} ${sessionId}`
}
