import { randomUUID } from 'node:crypto'
import type { AttachmentId, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type { ListedContent } from '@lash/attachments-core/backend'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import { idBytes, idOf } from '../database/id-bytes.ts'
import type { GenerationTable } from './generation-table.ts'
import { idAt, type RefTargets } from './ref-targets.ts'

interface Refs {
  count: number
  /** How many of them only their age protects from a sweep. */
  loose: number
  released: number
  youngest: number | null
}

export interface ClaimStep {
  claims: OrphanClaim[]
  /** Whether the query has been answered in full. */
  done: boolean
}

/** How many contents one transaction looks at, at most: other writers wait for it. */
const contentsPerStep = 1000

/** The sweeper's side of the manifest: claims. Statements on one connection, to be run in a transaction. */
export class ClaimTable {
  readonly #generations: GenerationTable
  readonly #countLoose: Statement
  readonly #loose: Statement
  readonly #released: Statement
  readonly #refs: Statement
  readonly #dropRefs: Statement
  readonly #dropLoose: Statement

  constructor(database: Database, generations: GenerationTable) {
    this.#generations = generations
    this.#countLoose = prepare(
      database,
      `SELECT count(*) FROM (
        SELECT 1 FROM lash_attachment_holds WHERE loose_at <= ? LIMIT ${contentsPerStep})`,
    ).pluck()
    this.#loose = prepare(
      database,
      `SELECT DISTINCT id FROM (
        SELECT id FROM lash_attachment_holds WHERE loose_at <= ? ORDER BY loose_at LIMIT ${contentsPerStep})`,
    ).pluck()
    this.#released = prepare(
      database,
      `SELECT DISTINCT id FROM lash_attachment_holds AS refs WHERE loose_at <= ? AND NOT EXISTS (
        SELECT 1 FROM lash_attachment_holds AS others WHERE others.id = refs.id AND others.released_at IS NULL
      ) LIMIT ?`,
    ).pluck()
    this.#refs = prepare(
      database,
      `
      SELECT count(*) AS count, count(loose_at) AS loose, count(released_at) AS released, max(loose_at) AS youngest
      FROM lash_attachment_holds WHERE id = ?`,
    )
    this.#dropRefs = prepare(database, 'DELETE FROM lash_attachment_holds WHERE id = ?')
    this.#dropLoose = prepare(database, 'DELETE FROM lash_attachment_holds WHERE id = ? AND loose_at <= ?')
  }

  /** How many contents the next step may claim at most. Stops counting at about a thousand. Only reads. */
  countCandidates({ ids, olderThanEpochMs, staleClaimEpochMs }: OrphanQuery): number {
    if (ids !== undefined) return ids.length
    const stale = staleClaimEpochMs === undefined ? 0 : this.#generations.countStale(staleClaimEpochMs, contentsPerStep)
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
    return this.#generations.stale(staleClaimEpochMs, limit).map(id => this.#take(id, now))
  }

  #candidates({ ids, releasedOnly, olderThanEpochMs, limit }: OrphanQuery): Buffer[] {
    if (ids !== undefined) return [...new Set(ids)].map(idBytes)
    if (releasedOnly === true) return this.#released.all(olderThanEpochMs, limit) as Buffer[]
    return this.#loose.all(olderThanEpochMs) as Buffer[]
  }

  #isOrphan(id: Buffer, { olderThanEpochMs, staleClaimEpochMs, releasedOnly }: OrphanQuery): boolean {
    const refs = this.#refs.get(id) as Refs
    if (refs.count === 0) {
      const claimedAt = this.#generations.find(id).claimedAt ?? Number.POSITIVE_INFINITY
      return staleClaimEpochMs !== undefined && claimedAt <= staleClaimEpochMs
    }
    if (refs.loose < refs.count || (refs.youngest ?? 0) > olderThanEpochMs) return false
    return releasedOnly !== true || refs.released === refs.count
  }

  #take(id: Buffer, now: number): OrphanClaim {
    const token = randomUUID()
    // Before the refs are dropped: they may be all that says it.
    const { generation } = this.#generations.find(id)
    this.#dropRefs.run(id)
    this.#generations.claim(id, generation, token, now)
    return { attachmentId: idOf(id), generation, token }
  }

  /**
   * Of each content, the highest copy that a store lists. One below the content's generation, or the floor, may be
   * deleted, and needs no claim: nobody will use that generation again.
   * @param dryRun changes nothing, and needs no transaction.
   */
  claimBlobs(copies: RefTargets, now: number, dryRun: boolean): ListedContent[] {
    return this.#generations.listed(copies).map(([position, generation, isHeld]) => {
      const id = idAt(copies, position)
      const copy = copies.generations[position] as number
      if (copy < generation || isHeld === 1) return { id: idOf(id), generation }
      const token = randomUUID()
      if (!dryRun) this.#generations.claim(id, copy, token, now)
      return { id: idOf(id), generation: copy, token }
    })
  }

  settle(claims: readonly OrphanClaim[], now: number, purgeBefore: number): void {
    for (const { attachmentId, token } of claims) this.#generations.settle(idBytes(attachmentId), token, now)
    this.#generations.purge(purgeBefore)
  }

  forget(id: AttachmentId, now: number): void {
    const bytes = idBytes(id)
    const { generation, hasRow } = this.#generations.find(bytes)
    const hadRefs = this.#dropRefs.run(bytes).changes > 0
    if (hadRefs || hasRow === 1) this.#generations.bury(bytes, generation + 1, now)
  }
}
