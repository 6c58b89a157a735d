import { randomUUID } from 'node:crypto'
import type { AttachmentId, AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type { ListedContent } from '@lash/attachments-core/backend'
import type { Database, Session } from '../database/database.ts'
import { byteaOf } from '../database/statement.ts'
import { type ClaimStatements, claimStatements } from './claim-statements.ts'
import { Purge } from './purge.ts'

interface ClaimRow {
  id: string
  generation: string
  token: string
}

/** Claims content for a sweep, and settles the claims afterwards. Each statement is for many contents. */
export class Claims {
  readonly #database: Database
  readonly #sql: ClaimStatements
  readonly #purge: Purge
  readonly #now: () => number
  readonly #tombstoneRetentionMs: number

  constructor(database: Database, now: () => number, tombstoneRetentionMs: number) {
    this.#database = database
    this.#sql = claimStatements(database.schema)
    this.#purge = new Purge(database)
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

  async claimListed(highest: readonly AttachmentKey[], dryRun: boolean): Promise<ListedContent[]> {
    const listed = new Map<AttachmentId, ListedContent>()
    for (let keys = highest; keys.length > 0; ) {
      const looks = await this.#look(keys)
      for (const { id, generation } of looks) listed.set(id, { id, generation: Number(generation) })
      const unknown = keysOf(looks, look => look.unknown, keys)
      const unreferenced = keysOf(looks, look => look.unreferenced, keys)
      const claims = dryRun
        ? [...unknown, ...unreferenced].map(key => ({ ...key, token: randomUUID() }))
        : [...(await this.#claimNew(unknown)), ...(await this.#claimKnown(unreferenced))]
      for (const { id, generation, token } of claims) listed.set(id, { id, generation: Number(generation), token })
      // Somebody has put what was unknown, or a purge has raised the floor above it: look at it again.
      keys = unknown.filter(({ id }) => listed.get(id)?.token === undefined)
    }
    return [...listed.values()]
  }

  async #look(keys: readonly AttachmentKey[]): Promise<BlobLook[]> {
    return (await this.#database.query<BlobLook>(this.#sql.lookAtBlobs, columns(keys))).rows
  }

  async #claimNew(keys: readonly AttachmentKey[]): Promise<ClaimRow[]> {
    if (keys.length === 0) return []
    return (await this.#database.query<ClaimRow>(this.#sql.claimUnknown, [...columns(keys), this.#now()])).rows
  }

  /** Opens no transaction and locks no row when there is nothing to claim, as is usual. */
  async #claimKnown(keys: readonly AttachmentKey[]): Promise<ClaimRow[]> {
    if (keys.length === 0) return []
    return this.#database.transaction(undefined, async session => {
      const { rows: locked } = await session.query<{ id: string }>(this.#sql.lockContents, [columns(keys)[0]])
      const lockedIds = new Set(locked.map(({ id }) => id))
      const held = keys.filter(({ id }) => lockedIds.has(id))
      return (await session.query<ClaimRow>(this.#sql.claimUnreferenced, [...columns(held), this.#now()])).rows
    })
  }

  async settle(claims: readonly OrphanClaim[]): Promise<void> {
    const now = this.#now()
    const ids = claims.map(({ attachmentId }) => byteaOf(attachmentId))
    const tokens = claims.map(({ token }) => token)
    const until = Math.max(Number.MIN_SAFE_INTEGER, Math.floor(now - this.#tombstoneRetentionMs))
    const { rows } = await this.#database.query<{ expired: boolean }>(this.#sql.settle, [ids, tokens, now, until])
    // As many as it has made, and some more, so that they do not add up.
    if (rows[0]?.expired) await this.#purge.run(until, claims.length)
  }
}

interface BlobLook {
  id: string
  generation: string
  /** Unknown content, and a copy that is not below the floor. */
  unknown: boolean
  /** Known content without refs and claim, and a copy that is not below its generation. */
  unreferenced: boolean
}

/** The keys whose content looks so. */
function keysOf(
  looks: readonly BlobLook[],
  looksSo: (look: BlobLook) => boolean,
  keys: readonly AttachmentKey[],
): AttachmentKey[] {
  const ids = new Set(looks.filter(looksSo).map(({ id }) => id))
  return keys.filter(({ id }) => ids.has(id))
}

function claimOf({ id, generation, token }: ClaimRow): OrphanClaim {
  return { attachmentId: id, generation: Number(generation), token }
}

function byteaArray(ids: readonly AttachmentId[] | undefined): string[] | null {
  return ids === undefined ? null : ids.map(byteaOf)
}

/** Two arrays of the same length, as `unnest` takes them. */
function columns(keys: readonly AttachmentKey[]): [string[], number[]] {
  return [keys.map(({ id }) => byteaOf(id)), keys.map(({ generation }) => generation)]
}
