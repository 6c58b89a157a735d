import type { AttachmentManifestEntry } from '@lash/attachments-core'
import { type ImportBatch, metaColumns, repeatedRecordError } from '@lash/attachments-core/backend'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import { idBytes } from '../database/id-bytes.ts'

/** What another manifest has exported comes into the tables. Statements on one connection, for one transaction. */
export class ImportTable {
  readonly #isUsed: Statement
  readonly #setFloor: Statement
  readonly #addTombstone: Statement
  readonly #addRef: Statement

  constructor(database: Database) {
    this.#isUsed = prepare(
      database,
      `
      SELECT EXISTS (SELECT 1 FROM lash_attachment_holds) OR EXISTS (SELECT 1 FROM lash_attachment_generations)
        OR EXISTS (SELECT 1 FROM lash_attachment_floor WHERE generation > 0)`,
    ).pluck()
    this.#setFloor = prepare(database, 'UPDATE lash_attachment_floor SET generation = ?')
    this.#addTombstone = prepare(
      database,
      `
      INSERT INTO lash_attachment_generations (id, generation, emptied_at)
      SELECT :id, :generation, :emptiedAt
      WHERE NOT EXISTS (SELECT 1 FROM lash_attachment_holds WHERE id = :id)
      ON CONFLICT (id) DO NOTHING`,
    )
    // Content without a row has all its refs at one generation: see GenerationTable.
    this.#addRef = prepare(
      database,
      `
      INSERT INTO lash_attachment_holds
        (id, session_id, holder, generation, byte_length, intent_at, committed_at, released_at,
          media_type, width, height, label)
      SELECT :id, :sessionId, :holder, :generation, :byteLength, :intentAt, :committedAt, :releasedAt,
        :mediaType, :width, :height, :label
      WHERE NOT EXISTS (SELECT 1 FROM lash_attachment_generations WHERE id = :id)
        AND coalesce((SELECT generation FROM lash_attachment_holds WHERE id = :id LIMIT 1), :generation) = :generation
      ON CONFLICT (id, session_id, holder) DO NOTHING`,
    )
  }

  /** Whether anything was ever recorded. */
  isUsed(): boolean {
    return this.#isUsed.get() === 1
  }

  add({ floor, tombstones, refs }: ImportBatch): void {
    this.#setFloor.run(floor)
    for (const { id, generation, emptiedAt } of tombstones) {
      if (this.#addTombstone.run({ id: idBytes(id), generation, emptiedAt }).changes === 0) throw repeatedRecordError()
    }
    for (const ref of refs) if (this.#addRef.run(columnsOf(ref)).changes === 0) throw repeatedRecordError()
  }
}

function columnsOf(ref: AttachmentManifestEntry): object {
  const { attachmentId, sessionId, holder, generation, byteLength, intentAtEpochMs: intentAt } = ref
  const [mediaType, width, height, label] = metaColumns(ref.meta)
  const [committedAt, releasedAt] = [ref.committedAtEpochMs ?? null, ref.releasedAtEpochMs ?? null]
  return {
    ...{ id: idBytes(attachmentId), sessionId, holder, generation, byteLength: byteLength ?? null },
    ...{ intentAt, committedAt, releasedAt, mediaType, width, height, label },
  }
}
