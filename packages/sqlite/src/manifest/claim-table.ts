import { randomUUID } from 'node:crypto'
import type { AttachmentId, AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import { idBytes, idOf } from '../database/id-bytes.ts'

interface Refs {
  count: number
  /** How many of them only their age protects from a sweep. */
  loose: number
  released: number
  youngest: number | null
}

interface Content {
  generation: number
  claim: string | null
  claimed_at: number | null
}

export interface ClaimStep {
  claims: OrphanClaim[]
  /** Whether the query has been answered in full. */
  done: boolean
}

/** How many contents one transaction looks at, at most: other writers wait for it. */
const contentsPerStep = 1000
/** How many tombstones one settlement purges, at most: others wait for it, and the rest is purged by later ones. */
const purgedPerStep = 100

/** The sweeper's side of the manifest: claims. Statements on one connection, to be run in a transaction. */
export class ClaimTable {
  readonly #countLoose: Statement
  readonly #countStale: Statement
  readonly #loose: Statement
  readonly #released: Statement
  readonly #stale: Statement
  readonly #refs: Statement
  readonly #dropRefs: Statement
  readonly #dropLoose: Statement
  readonly #content: Statement
  readonly #claim: Statement
  readonly #settle: Statement
  readonly #purge: Statement
  readonly #forget: Statement

  constructor(database: Database) {
    this.#countLoose = prepare(
      database,
      `SELECT count(*) FROM (
        SELECT 1 FROM lash_attachment_refs WHERE loose_at <= ? LIMIT ${contentsPerStep})`,
    ).pluck()
    this.#countStale = prepare(
      database,
      `SELECT count(*) FROM (
        SELECT 1 FROM lash_attachment_contents WHERE claimed_at <= ? LIMIT ${contentsPerStep})`,
    ).pluck()
    this.#loose = prepare(
      database,
      `SELECT DISTINCT id FROM (
        SELECT id FROM lash_attachment_refs WHERE loose_at <= ? ORDER BY loose_at LIMIT ${contentsPerStep})`,
    ).pluck()
    this.#released = prepare(
      database,
      `SELECT DISTINCT id FROM lash_attachment_refs AS refs WHERE loose_at <= ? AND NOT EXISTS (
        SELECT 1 FROM lash_attachment_refs AS others WHERE others.id = refs.id AND others.released_at IS NULL
      ) LIMIT ?`,
    ).pluck()
    this.#stale = prepare(
      database,
      'SELECT id FROM lash_attachment_contents WHERE claimed_at <= ? ORDER BY claimed_at LIMIT ?',
    ).pluck()
    this.#refs = prepare(
      database,
      `
      SELECT count(*) AS count, count(loose_at) AS loose, count(released_at) AS released, max(loose_at) AS youngest
      FROM lash_attachment_refs WHERE id = ?`,
    )
    this.#dropRefs = prepare(database, 'DELETE FROM lash_attachment_refs WHERE id = ?')
    this.#dropLoose = prepare(database, 'DELETE FROM lash_attachment_refs WHERE id = ? AND loose_at <= ?')
    this.#content = prepare(database, 'SELECT generation, claim, claimed_at FROM lash_attachment_contents WHERE id = ?')
    this.#claim = prepare(
      database,
      `
      INSERT INTO lash_attachment_contents (id, generation, claim, claimed_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET
        generation = excluded.generation, claim = excluded.claim, claimed_at = excluded.claimed_at, emptied_at = NULL`,
    )
    this.#settle = prepare(
      database,
      `
      UPDATE lash_attachment_contents SET generation = generation + 1, claim = NULL, claimed_at = NULL, emptied_at = ?
      WHERE id = ? AND claim = ?`,
    )
    this.#purge = prepare(
      database,
      `
      DELETE FROM lash_attachment_contents WHERE id IN (
        SELECT id FROM lash_attachment_contents WHERE emptied_at <= ? LIMIT ${purgedPerStep})`,
    )
    this.#forget = prepare(
      database,
      `
      INSERT INTO lash_attachment_contents (id, generation, emptied_at) VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET
        generation = excluded.generation, claim = NULL, claimed_at = NULL, emptied_at = excluded.emptied_at`,
    )
  }

  /** How many contents the next step may claim at most. Stops counting at about a thousand. Only reads. */
  countCandidates({ ids, olderThanEpochMs, staleClaimEpochMs }: OrphanQuery): number {
    if (ids !== undefined) return ids.length
    const stale = staleClaimEpochMs === undefined ? 0 : (this.#countStale.get(staleClaimEpochMs) as number)
    return stale + (this.#countLoose.get(olderThanEpochMs) as number)
  }

  /**
   * One step of a query. Every content that it looks at loses the refs that made it a candidate, so the next step,
   * which no longer asks for stale claims, finds others.
   */
  claimOrphans(query: OrphanQuery, now: number): ClaimStep {
    const claims = this.#claimStale(query, now)
    const candidates = this.#candidates(query)
    for (const id of candidates) {
      if (claims.length === query.limit) return { claims, done: true }
      if (this.#isOrphan(id, query)) claims.push(this.#take(id, now))
      else if (query.releasedOnly !== true) this.#dropLoose.run(id, query.olderThanEpochMs)
    }
    const exhausted = query.ids !== undefined || query.releasedOnly === true || candidates.length === 0
    return { claims, done: exhausted || claims.length === query.limit }
  }

  /** Runs before new claims are made: with a time in the future it would take those too. */
  #claimStale({ staleClaimEpochMs, ids, limit }: OrphanQuery, now: number): OrphanClaim[] {
    if (staleClaimEpochMs === undefined || ids !== undefined) return []
    return (this.#stale.all(staleClaimEpochMs, limit) as Buffer[]).map(id => this.#take(id, now))
  }

  #candidates({ ids, releasedOnly, olderThanEpochMs, limit }: OrphanQuery): Buffer[] {
    if (ids !== undefined) return [...new Set(ids)].map(idBytes)
    if (releasedOnly === true) return this.#released.all(olderThanEpochMs, limit) as Buffer[]
    return this.#loose.all(olderThanEpochMs) as Buffer[]
  }

  #isOrphan(id: Buffer, { olderThanEpochMs, staleClaimEpochMs, releasedOnly }: OrphanQuery): boolean {
    const refs = this.#refs.get(id) as Refs
    if (refs.count === 0) {
      const content = this.#content.get(id) as Content | undefined
      const claimedAt = content?.claimed_at ?? Number.POSITIVE_INFINITY
      return staleClaimEpochMs !== undefined && claimedAt <= staleClaimEpochMs
    }
    if (refs.loose < refs.count || (refs.youngest ?? 0) > olderThanEpochMs) return false
    return releasedOnly !== true || refs.released === refs.count
  }

  #take(id: Buffer, now: number): OrphanClaim {
    const token = randomUUID()
    const generation = this.#generation(id)
    this.#dropRefs.run(id)
    this.#claim.run(id, generation, token, now)
    return { attachmentId: idOf(id), generation, token }
  }

  #generation(id: Buffer): number {
    return (this.#content.get(id) as Content | undefined)?.generation ?? 0
  }

  claimBlobs(blobs: readonly AttachmentKey[], now: number): OrphanClaim[] {
    const claims: OrphanClaim[] = []
    for (const { id: attachmentId, generation } of blobs) {
      const id = idBytes(attachmentId)
      const content = this.#content.get(id) as Content | undefined
      const claim = { attachmentId, generation, token: randomUUID() }
      // Nobody will use a generation below the content's again, so such a claim needs no trace.
      if (generation >= (content?.generation ?? 0)) {
        if ((content?.claim ?? null) !== null || (this.#refs.get(id) as Refs).count > 0) continue
        this.#claim.run(id, generation, claim.token, now)
      }
      claims.push(claim)
    }
    return claims
  }

  settle(claims: readonly OrphanClaim[], now: number, purgeBefore: number): void {
    for (const { attachmentId, token } of claims) this.#settle.run(now, idBytes(attachmentId), token)
    this.#purge.run(purgeBefore)
  }

  forget(id: AttachmentId, now: number): void {
    const bytes = idBytes(id)
    const hadRefs = this.#dropRefs.run(bytes).changes > 0
    if (hadRefs || this.#content.get(bytes) !== undefined) this.#forget.run(bytes, this.#generation(bytes) + 1, now)
  }
}
