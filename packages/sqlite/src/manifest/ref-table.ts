import type { AttachmentId, AttachmentManifestEntry } from '@lash/attachments-core'
import { type CheckedIntent, entryOf, metaColumns, type RefColumns } from '@lash/attachments-core/backend'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import { idBytes, idOf } from '../database/id-bytes.ts'
import type { GenerationTable } from './generation-table.ts'
import { idAt, lastIntent, type RefTargets } from './ref-targets.ts'

interface RefRow extends RefColumns {
  id: Buffer
}

/** A ref to commit: its position among the targets, and the number of its row, or null when it cannot be committed. */
type CommitRow = [position: number, number: number | null, committedAt: number | null]

/** A ref's place in the listing of a session. */
export interface SessionPosition {
  holder: string
  number: number
}

/** A page of a listing, and the place of its last row; undefined when the page is empty. */
export interface SessionRefs {
  entries: AttachmentManifestEntry[]
  last: SessionPosition | undefined
}

/** A ref's place in a listing of all refs. */
export interface RefPosition {
  id: AttachmentId
  sessionId: string
  holder: string
}

/** An intent as it is recorded. The URI is left out: it follows from the id. */
export type Intent = Omit<CheckedIntent, 'canonicalUri'>

/** Whose refs to release: those of one holder or, without one, of every holder of the session. */
export interface Release {
  sessionId: string
  holder: string | undefined
  /** Which of them; without these, all. */
  targets: RefTargets | undefined
  /** Only refs that are not committed. */
  uncommitted: boolean
  now: number
}

export const refPageRows = 500

/** Up to this many refs, one statement for each costs less than one for all, which for 100,000 refs costs a fifth. */
const fewRows = 1

/** In an upsert: the ref that is there is committed, and the intent does not change that. */
const staysCommitted = 'loose_at IS NULL AND generation = excluded.generation'

/** The order in which a session's refs to the same content are looked up, before that of their intents. */
const classOfRef = 'CASE WHEN released_at IS NOT NULL THEN 2 WHEN committed_at IS NULL THEN 1 ELSE 0 END'

const columns =
  'id, session_id, holder, generation, byte_length, intent_at, committed_at, released_at, ' +
  'media_type, width, height, label'

/** In a comparison with text, a blob comes after every text. */
const afterEveryHolder = Buffer.alloc(0)

/** The first and the last holder of those that a call concerns: one, or all of them. */
function holders(holder: string | undefined): [first: string, last: string | Buffer] {
  return holder === undefined ? ['', afterEveryHolder] : [holder, holder]
}

/**
 * The session's side of the manifest: intents, commits, releases. Statements on one connection; those that write belong
 * in a transaction.
 */
export class RefTable {
  readonly #generations: GenerationTable
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
  readonly #count: Statement
  readonly #page: Statement

  constructor(database: Database, generations: GenerationTable) {
    this.#generations = generations
    this.#upsert = prepare(
      database,
      `
      INSERT INTO lash_attachment_holds
        (id, session_id, holder, generation, byte_length, intent_at, media_type, width, height, label)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id, session_id, holder) DO UPDATE SET
        released_at = NULL, generation = excluded.generation, intent_at = excluded.intent_at,
        committed_at = CASE WHEN ${staysCommitted} THEN committed_at END,
        byte_length = CASE WHEN ${staysCommitted} THEN coalesce(byte_length, excluded.byte_length)
          ELSE excluded.byte_length END,
        media_type = CASE WHEN ${staysCommitted} THEN media_type ELSE excluded.media_type END,
        width = CASE WHEN ${staysCommitted} THEN width ELSE excluded.width END,
        height = CASE WHEN ${staysCommitted} THEN height ELSE excluded.height END,
        label = CASE WHEN ${staysCommitted} THEN label ELSE excluded.label END`,
    )
    const find = `
      SELECT targets.position, refs.number, refs.committed_at
      FROM targets
      LEFT JOIN lash_attachment_generations AS contents ON contents.id = targets.id
      LEFT JOIN lash_attachment_holds AS refs
        ON refs.id = targets.id AND refs.session_id = :sessionId AND refs.holder = :holder
        -- Live, at the content's generation, which without a row is that of its refs, and under no claim.
        AND refs.released_at IS NULL AND contents.claim IS NULL
        AND refs.generation = coalesce(contents.generation, refs.generation)
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
    this.#commitOne = prepare(database, 'UPDATE lash_attachment_holds SET committed_at = ? WHERE number = ?')
    this.#commitMany = prepare(
      database,
      'UPDATE lash_attachment_holds SET committed_at = ? WHERE number IN (SELECT value FROM json_each(?))',
    )
    this.#release = prepare(
      database,
      `
      UPDATE lash_attachment_holds SET released_at = ?
      WHERE id = ? AND session_id = ? AND holder BETWEEN ? AND ? AND released_at IS NULL
        AND (committed_at IS NULL OR NOT ?)`,
    )
    this.#releaseMany = prepare(
      database,
      `UPDATE lash_attachment_holds SET released_at = :now
      WHERE released_at IS NULL AND (committed_at IS NULL OR NOT :uncommittedOnly) AND number IN (
        SELECT refs.number FROM json_each(:generations) CROSS JOIN lash_attachment_holds AS refs
        ON refs.id = substr(:ids, 32 * key + 1, 32) AND refs.session_id = :sessionId
        AND refs.holder BETWEEN :first AND :last)`,
    )
    this.#releaseAll = prepare(
      database,
      `
      UPDATE lash_attachment_holds SET released_at = ?
      WHERE session_id = ? AND holder BETWEEN ? AND ? AND released_at IS NULL AND (committed_at IS NULL OR NOT ?)`,
    )
    // SQLite takes the other columns of a lone min() from its row, and need not sort, which would take ten times as
    // long. Without rows there is one of nulls.
    this.#lookup = prepare(
      database,
      `
      SELECT ${columns}, min(${classOfRef} * (1 << 60) + intent_at)
      FROM lash_attachment_holds WHERE id = ? AND session_id = ? AND holder BETWEEN ? AND ?
      HAVING id IS NOT NULL`,
    )
    // The rest of one holder's, then the next holders': SQLite finds the place in the index for each by itself only.
    this.#ofSession = prepare(
      database,
      `
      SELECT number, ${columns} FROM lash_attachment_holds
      WHERE session_id = :sessionId AND holder = :holder AND number > :number
      UNION ALL
      SELECT number, ${columns} FROM lash_attachment_holds
      WHERE session_id = :sessionId AND holder > :holder AND holder <= :last
      ORDER BY holder, number LIMIT ${refPageRows}`,
    )
    this.#count = prepare(
      database,
      `SELECT count(*) FROM (
        SELECT 1 FROM lash_attachment_holds WHERE session_id = ? AND holder BETWEEN ? AND ? LIMIT ${refPageRows})`,
    ).pluck()
    this.#page = prepare(
      database,
      `
      SELECT ${columns} FROM lash_attachment_holds
      WHERE (id, session_id, holder) > (?, ?, ?) ORDER BY id, session_id, holder LIMIT ${refPageRows}`,
    )
  }

  /** Returns the generation at which to put the bytes. */
  recordIntent({ attachmentId, sessionId, holder, byteLength, intentAtEpochMs, meta }: Intent): number {
    const id = idBytes(attachmentId)
    const generation = this.#generations.live(id)
    this.#upsert.run(id, sessionId, holder, generation, byteLength, intentAtEpochMs, ...metaColumns(meta))
    return generation
  }

  /** Returns the ids that cannot be committed. If there are any, nothing has changed. */
  commit(sessionId: string, holder: string, targets: RefTargets, now: number): AttachmentId[] {
    const uncommitted: number[] = []
    const expired = new Set<AttachmentId>()
    for (const [position, number, committedAt] of this.#find(sessionId, holder, targets)) {
      if (number === null) expired.add(idOf(idAt(targets, position)))
      else if (committedAt === null) uncommitted.push(number)
    }
    if (expired.size > 0) return [...expired]
    if (uncommitted.length > fewRows) this.#commitMany.run(now, JSON.stringify(uncommitted))
    else for (const number of uncommitted) this.#commitOne.run(now, number)
    return []
  }

  #find(sessionId: string, holder: string, targets: RefTargets): Iterable<CommitRow> {
    const { ids, generations } = targets
    if (generations.length > fewRows) {
      const request = { sessionId, holder, ids, generations: JSON.stringify(generations) }
      return this.#findMany.iterate(request) as Iterable<CommitRow>
    }
    return generations.map((generation, position) => {
      const request = { sessionId, holder, id: idAt(targets, position), generation }
      const [, number, committedAt] = this.#findOne.get(request) as CommitRow
      return [position, number, committedAt]
    })
  }

  release({ sessionId, holder, targets, uncommitted, now }: Release): void {
    const [first, last] = holders(holder)
    const uncommittedOnly = uncommitted ? 1 : 0
    if (targets === undefined) {
      this.#releaseAll.run(now, sessionId, first, last, uncommittedOnly)
      return
    }
    const { ids, generations } = targets
    if (generations.length > fewRows) {
      const request = { now, sessionId, first, last, uncommittedOnly, ids, generations: JSON.stringify(generations) }
      this.#releaseMany.run(request)
      return
    }
    generations.forEach((_, position) => {
      this.#release.run(now, idAt(targets, position), sessionId, first, last, uncommittedOnly)
    })
  }

  lookup(sessionId: string, id: AttachmentId, holder: string | undefined): AttachmentManifestEntry | undefined {
    const row = this.#lookup.get(idBytes(id), sessionId, ...holders(holder)) as RefRow | undefined
    return row === undefined ? undefined : entryOfRow(row)
  }

  /** The next page of the refs of a session, or of one holder in it: by holder, then in the order of first intents. */
  ofSession(sessionId: string, holder: string | undefined, after: SessionPosition | undefined): SessionRefs {
    const [first, last] = holders(holder)
    const { holder: from, number } = after ?? { holder: first, number: 0 }
    const rows = this.#ofSession.all({ sessionId, holder: from, number, last }) as (RefRow & SessionPosition)[]
    return { entries: rows.map(entryOfRow), last: rows.at(-1) }
  }

  /** How many refs a session, or one holder in it, has, but at most {@link refPageRows}. */
  count(sessionId: string, holder: string | undefined): number {
    return this.#count.get(sessionId, ...holders(holder)) as number
  }

  /** The next page of all refs, in the order of their keys. */
  page(after: RefPosition | undefined): AttachmentManifestEntry[] {
    const { id, sessionId, holder } = after ?? { id: '', sessionId: '', holder: '' }
    return (this.#page.all(idBytes(id), sessionId, holder) as RefRow[]).map(entryOfRow)
  }
}

function entryOfRow(row: RefRow): AttachmentManifestEntry {
  return entryOf(idOf(row.id), row)
}
