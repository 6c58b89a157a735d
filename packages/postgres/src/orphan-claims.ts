import { randomUUID } from 'node:crypto'
import type { AttachmentId, AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import { type ClaimStatements, claimStatements } from './claim-statements.ts'
import type { Database, Session } from './database.ts'
import { byteaOf } from './statement.ts'

interface ClaimRow {
  id: string
  generation: string
}

/** What sweepers do: claim and settle, many contents to a statement. */
export class OrphanClaims {
  readonly #database: Database
  readonly #sql: ClaimStatements
  readonly #now: () => number
  readonly #tombstoneRetentionMs: number

  constructor(database: Database, now: () => number, tombstoneRetentionMs: number) {
    this.#database = database
    this.#sql = claimStatements(database.schema)
    this.#now = now
    this.#tombstoneRetentionMs = tombstoneRetentionMs
  }

  async claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    const claims = await this.#takeOver(query)
    if (claims.length < query.limit) {
      const found = await this.#database.transaction(undefined, session =>
        this.#claimAged(session, query, query.limit - claims.length),
      )
      claims.push(...found)
    }
    return claims
  }

  async #takeOver(query: OrphanQuery): Promise<OrphanClaim[]> {
    const { staleClaimEpochMs, limit } = query
    if (staleClaimEpochMs === undefined) return []
    const token = randomUUID()
    const values = [staleClaimEpochMs, limit, byteaArray(query.ids), token, this.#now()]
    const { rows } = await this.#database.query<ClaimRow>(this.#sql.takeOver, values)
    return rows.map(row => claimOf(row, token))
  }

  /**
   * Locks what looks like an orphan, and then decides. Content that turns out to be live only loses old refs, so it is asked again until enough is
   * claimed or nothing more is found.
   */
  async #claimAged(session: Session, query: OrphanQuery, limit: number): Promise<OrphanClaim[]> {
    const { olderThanEpochMs, releasedOnly = false } = query
    const token = randomUUID()
    const claims: OrphanClaim[] = []
    for (;;) {
      const want = limit - claims.length
      const proposal = [olderThanEpochMs, want, byteaArray(query.ids), releasedOnly]
      const { rows: locked } = await session.query<{ id: string }>(this.#sql.lockOrphans, proposal)
      if (locked.length === 0) return claims
      const ids = [...new Set(locked.map(({ id }) => byteaOf(id)))]
      const { rows } = await session.query<ClaimRow>(this.#sql.claimLocked, [
        ids,
        olderThanEpochMs,
        releasedOnly,
        token,
        this.#now(),
      ])
      for (const row of rows) claims.push(claimOf(row, token))
      if (claims.length >= limit || locked.length < want) return claims
    }
  }

  async claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]> {
    // Of several copies of an id only the highest can be the content's own; the others are below it once that is claimed.
    const highest = new Map<AttachmentId, number>()
    for (const { id, generation } of blobs) highest.set(id, Math.max(generation, highest.get(id) ?? 0))
    const known = await this.#look(highest)
    const token = randomUUID()
    const claimed = await this.#claim(known, highest, token)
    return blobs.flatMap(({ id, generation }) => {
      const isClaimed = claimed.has(id)
      if (isClaimed && generation === highest.get(id)) return [{ attachmentId: id, generation, token }]
      const current = isClaimed ? (highest.get(id) as number) : Number(known.get(id)?.generation ?? 0)
      // Nobody writes below the content's generation any more, so this needs no claim; its token stands nowhere.
      return generation < current ? [{ attachmentId: id, generation, token: randomUUID() }] : []
    })
  }

  async #look(highest: ReadonlyMap<AttachmentId, number>): Promise<Map<AttachmentId, LookedAt>> {
    if (highest.size === 0) return new Map()
    const { rows } = await this.#database.query<LookedAt>(this.#sql.lookAtBlobs, columns([...highest]))
    return new Map(rows.map(row => [row.id, row]))
  }

  /** The ids that are claimed. Without anything to claim, which is the rule, no transaction is opened and no row is locked. */
  async #claim(
    known: ReadonlyMap<AttachmentId, LookedAt>,
    highest: ReadonlyMap<AttachmentId, number>,
    token: string,
  ): Promise<Set<AttachmentId>> {
    const pick = (wanted: (row: LookedAt) => boolean) =>
      [...highest].filter(([id]) => known.has(id) && wanted(known.get(id) as LookedAt))
    const unknown = pick(row => row.unknown)
    const unreferenced = pick(row => row.unreferenced)
    const claimed = new Set<AttachmentId>()
    if (unknown.length > 0) {
      const values = [...columns(unknown), token, this.#now()]
      const { rows } = await this.#database.query<{ id: string }>(this.#sql.claimUnknown, values)
      for (const { id } of rows) claimed.add(id)
    }
    if (unreferenced.length > 0) {
      await this.#database.transaction(undefined, async session => {
        const { rows: locked } = await session.query<{ id: string }>(this.#sql.lockContents, [columns(unreferenced)[0]])
        const lockedIds = new Set(locked.map(({ id }) => id))
        const values = [...columns(unreferenced.filter(([id]) => lockedIds.has(id))), token, this.#now()]
        const { rows } = await session.query<{ id: string }>(this.#sql.claimUnreferenced, values)
        for (const { id } of rows) claimed.add(id)
      })
    }
    return claimed
  }

  async settle(claims: readonly OrphanClaim[]): Promise<void> {
    const now = this.#now()
    const ids = claims.map(({ attachmentId }) => byteaOf(attachmentId))
    const tokens = claims.map(({ token }) => token)
    await this.#database.query(this.#sql.settle, [ids, tokens, now, Math.floor(now - this.#tombstoneRetentionMs)])
  }
}

interface LookedAt {
  id: string
  generation: string | null
  unknown: boolean
  unreferenced: boolean
}

function claimOf(row: ClaimRow, token: string): OrphanClaim {
  return { attachmentId: row.id, generation: Number(row.generation), token }
}

function byteaArray(ids: readonly AttachmentId[] | undefined): string[] | null {
  return ids === undefined ? null : ids.map(byteaOf)
}

/** Two arrays of the same length, as `unnest` takes them. */
function columns(keys: readonly (readonly [AttachmentId, number])[]): [string[], number[]] {
  return [keys.map(([id]) => byteaOf(id)), keys.map(([, generation]) => generation)]
}
