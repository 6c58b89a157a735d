import type { AttachmentId, AttachmentIntent, AttachmentManifestEntry } from '@lash/attachments-core'
import { entryOf, metaColumns, type RefColumns } from '@lash/attachments-core/backend'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import { idBytes, idOf } from '../database/id-bytes.ts'
import { idAt, lastIntent, type RefTargets } from './ref-targets.ts'

interface RefRow extends RefColumns {
  id: Buffer
}

/** A ref to commit: its position among the targets, and the number of its row, or null when it cannot be committed. */
type CommitRow = [position: number, number: number | null, committedAt: number | null]

/** A page of a listing, and the number of its last row; undefined when the page is empty. */
export interface SessionRefs {
  entries: AttachmentManifestEntry[]
  last: number | undefined
}

/** A ref's place in a listing of all refs. */
export interface RefPosition {
  id: AttachmentId
  sessionId: string
}

/** An intent as it is recorded. The URI is left out: it follows from the id. */
export type Intent = Omit<AttachmentIntent, 'canonicalUri'>

export const refPageRows = 500

/** Up to this many refs, one statement for each costs less than one for all, which for 100,000 refs costs a fifth. */
const fewRows = 1

const columns = 'id, session_id, generation, intent_at, committed_at, released_at, media_type, width, height, label'

/**
 * The session's side of the manifest: intents, commits, releases. Statements on one connection; those that write belong
 * in a transaction.
 */
export class RefTable {
  readonly #content: Statement
  readonly #reviveContent: Statement
  readonly #upsert: Statement
  readonly #findOne: Statement
  readonly #findMany: Statement
  readonly #commitOne: Statement
  readonly #commitMany: Statement
  readonly #release: Statement
  readonly #releaseMany: Statement
  readonly #releaseAll: Statement
  readonly #lookup: Statement
  readonly #ofSession: Statement
  readonly #countOfSession: Statement
  readonly #page: Statement

  constructor(database: Database) {
    this.#content = prepare(database, 'SELECT generation, claim, emptied_at FROM lash_attachment_contents WHERE id = ?')
    this.#reviveContent = prepare(
      database,
      `
      UPDATE lash_attachment_contents
      SET generation = ?, claim = NULL, claimed_at = NULL, emptied_at = NULL WHERE id = ?`,
    )
    this.#upsert = prepare(
      database,
      `
      INSERT INTO lash_attachment_refs (id, session_id, generation, intent_at, media_type, width, height, label)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id, session_id) DO UPDATE SET
        committed_at = CASE WHEN released_at IS NULL AND generation = excluded.generation THEN committed_at END,
        released_at = NULL, generation = excluded.generation, intent_at = excluded.intent_at,
        media_type = excluded.media_type, width = excluded.width, height = excluded.height, label = excluded.label`,
    )
    const find = `
      SELECT targets.position, refs.number, refs.committed_at
      FROM targets
      LEFT JOIN lash_attachment_contents AS contents ON contents.id = targets.id
      LEFT JOIN lash_attachment_refs AS refs ON refs.id = targets.id AND refs.session_id = :sessionId
        -- Live, at the content's generation, and under no claim.
        AND refs.released_at IS NULL AND contents.claim IS NULL AND refs.generation = coalesce(contents.generation, 0)
        AND targets.generation IN (${lastIntent}, refs.generation)`
    this.#findOne = prepare(
      database,
      `WITH targets (position, id, generation) AS (SELECT 0, :id, :generation) ${find}`,
    ).raw()
    this.#findMany = prepare(
      database,
      `WITH targets (position, id, generation) AS (
        SELECT key, substr(:ids, 32 * key + 1, 32), value FROM json_each(:generations)
      ) ${find}`,
    ).raw()
    this.#commitOne = prepare(database, 'UPDATE lash_attachment_refs SET committed_at = ? WHERE number = ?')
    this.#commitMany = prepare(
      database,
      'UPDATE lash_attachment_refs SET committed_at = ? WHERE number IN (SELECT value FROM json_each(?))',
    )
    this.#release = prepare(
      database,
      `
      UPDATE lash_attachment_refs SET released_at = ? WHERE id = ? AND session_id = ? AND released_at IS NULL`,
    )
    this.#releaseMany = prepare(
      database,
      `UPDATE lash_attachment_refs SET released_at = :now WHERE released_at IS NULL AND number IN (
        SELECT refs.number FROM json_each(:generations) CROSS JOIN lash_attachment_refs AS refs
        ON refs.id = substr(:ids, 32 * key + 1, 32) AND refs.session_id = :sessionId)`,
    )
    this.#releaseAll = prepare(
      database,
      `
      UPDATE lash_attachment_refs SET released_at = ? WHERE session_id = ? AND released_at IS NULL`,
    )
    this.#lookup = prepare(database, `SELECT ${columns} FROM lash_attachment_refs WHERE id = ? AND session_id = ?`)
    this.#ofSession = prepare(
      database,
      `
      SELECT number, ${columns} FROM lash_attachment_refs
      WHERE session_id = ? AND number > ? ORDER BY number LIMIT ${refPageRows}`,
    )
    this.#countOfSession = prepare(
      database,
      `SELECT count(*) FROM (SELECT 1 FROM lash_attachment_refs WHERE session_id = ? LIMIT ${refPageRows})`,
    ).pluck()
    this.#page = prepare(
      database,
      `
      SELECT ${columns} FROM lash_attachment_refs
      WHERE (id, session_id) > (?, ?) ORDER BY id, session_id LIMIT ${refPageRows}`,
    )
  }

  /** Returns the generation at which to put the bytes. */
  recordIntent({ attachmentId, sessionId, intentAtEpochMs, meta }: Intent): number {
    const id = idBytes(attachmentId)
    const generation = this.#liveGeneration(id)
    this.#upsert.run(id, sessionId, generation, intentAtEpochMs, ...metaColumns(meta))
    return generation
  }

  /** The content's generation. Content under a sweeper's claim moves on to the next, which the claim does not cover. */
  #liveGeneration(id: Buffer): number {
    const content = this.#content.get(id) as
      | { generation: number; claim: string | null; emptied_at: number | null }
      | undefined
    if (content === undefined) return 0
    if (content.claim === null && content.emptied_at === null) return content.generation
    const generation = content.claim === null ? content.generation : content.generation + 1
    this.#reviveContent.run(generation, id)
    return generation
  }

  /** Returns the ids that cannot be committed. If there are any, nothing has changed. */
  commit(sessionId: string, targets: RefTargets, now: number): AttachmentId[] {
    const uncommitted: number[] = []
    const expired = new Set<AttachmentId>()
    for (const [position, number, committedAt] of this.#find(sessionId, targets)) {
      if (number === null) expired.add(idOf(idAt(targets, position)))
      else if (committedAt === null) uncommitted.push(number)
    }
    if (expired.size > 0) return [...expired]
    if (uncommitted.length > fewRows) this.#commitMany.run(now, JSON.stringify(uncommitted))
    else for (const number of uncommitted) this.#commitOne.run(now, number)
    return []
  }

  #find(sessionId: string, targets: RefTargets): Iterable<CommitRow> {
    const { ids, generations } = targets
    if (generations.length > fewRows) {
      const request = { sessionId, ids, generations: JSON.stringify(generations) }
      return this.#findMany.iterate(request) as Iterable<CommitRow>
    }
    return generations.map((generation, position) => {
      const request = { sessionId, id: idAt(targets, position), generation }
      const [, number, committedAt] = this.#findOne.get(request) as CommitRow
      return [position, number, committedAt]
    })
  }

  /** Releases the given refs of the session, or all of them. */
  release(sessionId: string, targets: RefTargets | undefined, now: number): void {
    if (targets === undefined) {
      this.#releaseAll.run(now, sessionId)
      return
    }
    const { ids, generations } = targets
    if (generations.length > fewRows) {
      this.#releaseMany.run({ now, sessionId, ids, generations: JSON.stringify(generations) })
      return
    }
    generations.forEach((_, position) => {
      this.#release.run(now, idAt(targets, position), sessionId)
    })
  }

  lookup(sessionId: string, id: AttachmentId): AttachmentManifestEntry | undefined {
    const row = this.#lookup.get(idBytes(id), sessionId) as RefRow | undefined
    return row === undefined ? undefined : entryOfRow(row)
  }

  /** The next page of a session's refs, in the order of their first intents. */
  ofSession(sessionId: string, after: number): SessionRefs {
    const rows = this.#ofSession.all(sessionId, after) as (RefRow & { number: number })[]
    return { entries: rows.map(entryOfRow), last: rows.at(-1)?.number }
  }

  /** How many refs a session has, but at most {@link refPageRows}. */
  countOfSession(sessionId: string): number {
    return this.#countOfSession.get(sessionId) as number
  }

  /** The next page of all refs, in the order of id and session. */
  page(after: RefPosition | undefined): AttachmentManifestEntry[] {
    return (this.#page.all(idBytes(after?.id ?? ''), after?.sessionId ?? '') as RefRow[]).map(entryOfRow)
  }
}

function entryOfRow(row: RefRow): AttachmentManifestEntry {
  return entryOf(idOf(row.id), row)
}
