import { randomUUID } from 'node:crypto'
import type { AttachmentId, AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type { Database, Session } from '../database/database.ts'
import { byteaOf } from '../database/statement.ts'
import { type ClaimStatements, claimStatements } from './claim-statements.ts'

interface ClaimRow {
  id: string
  generation: string
  token: string
}

/** Claims content for a sweep, and settles the claims afterwards. Each statement is for many contents. */
export class Claims {
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

  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return this.#database.transaction(undefined, async session => {
      const claims = await this.#takeOver(session, query)
      if (claims.length < query.limit) {
        return claims.concat(await this.#claimAged(session, query, query.limit - claims.length))
      }
      return claims
    })
  }

  async #takeOver(session: Session, query: OrphanQuery): Promise<OrphanClaim[]> {
    const { staleClaimEpochMs, limit } = query
    if (staleClaimEpochMs === undefined) return []
    const values = [staleClaimEpochMs, limit, byteaArray(query.ids), this.#now()]
    const { rows } = await session.query<ClaimRow>(this.#sql.takeOver, values)
    return rows.map(claimOf)
  }

  /**
   * Locks content that looks orphaned, and then decides. Content that turns out to be live only loses its old refs. So
   * this repeats until it has claimed enough, or finds nothing more.
   */
  async #claimAged(session: Session, query: OrphanQuery, limit: number): Promise<OrphanClaim[]> {
    const { olderThanEpochMs, releasedOnly = false } = query
    const claims: OrphanClaim[] = []
    for (;;) {
      const want = limit - claims.length
      const candidates = [olderThanEpochMs, want, byteaArray(query.ids), releasedOnly]
      const { rows: locked } = await session.query<{ id: string }>(this.#sql.lockOrphans, candidates)
      if (locked.length === 0) return claims
      const ids = [...new Set(locked.map(({ id }) => byteaOf(id)))]
      const decision = [ids, olderThanEpochMs, releasedOnly, this.#now()]
      const { rows } = await session.query<ClaimRow>(this.#sql.claimLocked, decision)
      for (const row of rows) claims.push(claimOf(row))
      if (claims.length >= limit || locked.length < want) return claims
    }
  }

  async claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]> {
    const copies = new Map<AttachmentId, Set<number>>()
    for (const { id, generation } of blobs) copies.set(id, (copies.get(id) ?? new Set()).add(generation))
    // Of several copies of an id, only the highest can be at the content's generation. Once that is claimed, the others
    // are below.
    const highest = new Map([...copies].map(([id, generations]) => [id, Math.max(...generations)]))
    if (highest.size === 0) return []
    const known = await this.#contentStates(highest)
    const claims = await this.#claimUnreferenced(highest, known)
    return [...copies].flatMap(([id, generations]) => {
      const claim = claims.get(id)
      const current = claim?.generation ?? Number(known.get(id)?.generation ?? 0)
      // Nobody writes below the content's generation any more, so these need no claim. Their tokens are stored nowhere.
      const below = [...generations].filter(generation => generation < current)
      const free = below.map(generation => ({ attachmentId: id, generation, token: randomUUID() }))
      return claim === undefined ? free : [claim, ...free]
    })
  }

  async #contentStates(highest: ReadonlyMap<AttachmentId, number>): Promise<Map<AttachmentId, ContentState>> {
    const { rows } = await this.#database.query<ContentState>(this.#sql.lookAtBlobs, columns([...highest]))
    return new Map(rows.map(row => [row.id, row]))
  }

  /** Opens no transaction and locks no row when there is nothing to claim, as is usual. */
  async #claimUnreferenced(
    highest: ReadonlyMap<AttachmentId, number>,
    known: ReadonlyMap<AttachmentId, ContentState>,
  ): Promise<Map<AttachmentId, OrphanClaim>> {
    const unknown = [...highest].filter(([id]) => known.get(id)?.unknown)
    const unreferenced = [...highest].filter(([id]) => known.get(id)?.unreferenced)
    const claimed = [...(await this.#claimNew(unknown)), ...(await this.#claimKnown(unreferenced))]
    return new Map(claimed.map(row => [row.id, claimOf(row)]))
  }

  async #claimNew(keys: readonly Copy[]): Promise<ClaimRow[]> {
    if (keys.length === 0) return []
    return (await this.#database.query<ClaimRow>(this.#sql.claimUnknown, [...columns(keys), this.#now()])).rows
  }

  async #claimKnown(keys: readonly Copy[]): Promise<ClaimRow[]> {
    if (keys.length === 0) return []
    return this.#database.transaction(undefined, async session => {
      const { rows: locked } = await session.query<{ id: string }>(this.#sql.lockContents, [columns(keys)[0]])
      const lockedIds = new Set(locked.map(({ id }) => id))
      const held = keys.filter(([id]) => lockedIds.has(id))
      return (await session.query<ClaimRow>(this.#sql.claimUnreferenced, [...columns(held), this.#now()])).rows
    })
  }

  async settle(claims: readonly OrphanClaim[]): Promise<void> {
    const now = this.#now()
    const ids = claims.map(({ attachmentId }) => byteaOf(attachmentId))
    const tokens = claims.map(({ token }) => token)
    const until = Math.max(Number.MIN_SAFE_INTEGER, Math.floor(now - this.#tombstoneRetentionMs))
    await this.#database.query(this.#sql.settle, [ids, tokens, now, until])
  }
}

type Copy = readonly [id: AttachmentId, generation: number]

interface ContentState {
  id: string
  generation: string | null
  unknown: boolean
  unreferenced: boolean
}

function claimOf({ id, generation, token }: ClaimRow): OrphanClaim {
  return { attachmentId: id, generation: Number(generation), token }
}

function byteaArray(ids: readonly AttachmentId[] | undefined): string[] | null {
  return ids === undefined ? null : ids.map(byteaOf)
}

/** Two arrays of the same length, as `unnest` takes them. */
function columns(keys: readonly Copy[]): [string[], number[]] {
  return [keys.map(([id]) => byteaOf(id)), keys.map(([, generation]) => generation)]
}
