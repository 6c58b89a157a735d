import type { AttachmentContentRecord, AttachmentId } from '@lash/attachments-core'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import { idBytes, idOf } from '../database/id-bytes.ts'
import type { RefTargets } from './ref-targets.ts'

/** What the manifest knows of some content, beside its refs. */
export interface ContentState {
  /** That of its row; without a row, that of its refs; of unknown content, the floor. */
  generation: number
  claim: string | null
  claimedAt: number | null
  /** Whether it is a tombstone since some time. */
  emptiedAt: number | null
  hasRow: 0 | 1
}

interface UnreferencedRow extends Pick<ContentState, 'generation' | 'claimedAt' | 'emptiedAt'> {
  id: Buffer
}

/** Content of which a store lists a copy: its position among the targets, its generation, whether somebody has it. */
export type ListedRow = [position: number, generation: number, isHeld: 0 | 1]

/** Of `targets`, joined to `contents`. With the floor as a part of that join, it would take ten times as long. */
const generation = `coalesce(
  contents.generation,
  (SELECT generation FROM lash_attachment_holds WHERE id = targets.id LIMIT 1),
  (SELECT generation FROM lash_attachment_floor)
)`

/** How many tombstones one settlement purges, at most: others wait for it, and the rest is purged by later ones. */
const purgedPerStep = 100

const unreferencedPageRows = 500

/**
 * The generations of content, and the claims on it. Statements on one connection; those that write belong in a
 * transaction.
 *
 * Content without a row never had a claim, so all its refs are at the generation at which it started. That is not the
 * floor of today: a purge of other content may have raised it since.
 */
export class GenerationTable {
  readonly #find: Statement
  readonly #listed: Statement
  readonly #stale: Statement
  readonly #countStale: Statement
  readonly #revive: Statement
  readonly #claim: Statement
  readonly #settle: Statement
  readonly #purge: Statement
  readonly #raiseFloor: Statement
  readonly #bury: Statement
  readonly #floor: Statement
  readonly #unreferenced: Statement

  constructor(database: Database) {
    this.#find = prepare(
      database,
      `
      SELECT ${generation} AS generation,
        contents.claim, contents.claimed_at AS claimedAt, contents.emptied_at AS emptiedAt,
        contents.id IS NOT NULL AS hasRow
      FROM (SELECT ? AS id) AS targets LEFT JOIN lash_attachment_generations AS contents ON contents.id = targets.id`,
    )
    this.#listed = prepare(
      database,
      `
      WITH targets (position, id) AS (SELECT key, substr(:ids, 32 * key + 1, 32) FROM json_each(:generations))
      SELECT targets.position, ${generation},
        contents.claim IS NOT NULL OR EXISTS (SELECT 1 FROM lash_attachment_holds WHERE id = targets.id)
      FROM targets LEFT JOIN lash_attachment_generations AS contents ON contents.id = targets.id`,
    ).raw()
    this.#stale = prepare(
      database,
      'SELECT id FROM lash_attachment_generations WHERE claimed_at <= ? ORDER BY claimed_at LIMIT ?',
    ).pluck()
    this.#countStale = prepare(
      database,
      'SELECT count(*) FROM (SELECT 1 FROM lash_attachment_generations WHERE claimed_at <= ? LIMIT ?)',
    ).pluck()
    this.#revive = prepare(
      database,
      `
      UPDATE lash_attachment_generations
      SET generation = ?, claim = NULL, claimed_at = NULL, emptied_at = NULL WHERE id = ?`,
    )
    this.#claim = prepare(
      database,
      `
      INSERT INTO lash_attachment_generations (id, generation, claim, claimed_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET
        generation = excluded.generation, claim = excluded.claim, claimed_at = excluded.claimed_at, emptied_at = NULL`,
    )
    this.#settle = prepare(
      database,
      `
      UPDATE lash_attachment_generations
      SET generation = generation + 1, claim = NULL, claimed_at = NULL, emptied_at = ?
      WHERE id = ? AND claim = ?`,
    )
    this.#purge = prepare(
      database,
      `
      DELETE FROM lash_attachment_generations WHERE id IN (
        SELECT id FROM lash_attachment_generations WHERE emptied_at <= ? LIMIT ${purgedPerStep})
      RETURNING generation`,
    ).pluck()
    this.#raiseFloor = prepare(
      database,
      'UPDATE lash_attachment_floor SET generation = :generation WHERE generation < :generation',
    )
    this.#bury = prepare(
      database,
      `
      INSERT INTO lash_attachment_generations (id, generation, emptied_at) VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET
        generation = excluded.generation, claim = NULL, claimed_at = NULL, emptied_at = excluded.emptied_at`,
    )
    this.#floor = prepare(database, 'SELECT generation FROM lash_attachment_floor').pluck()
    this.#unreferenced = prepare(
      database,
      `
      SELECT id, generation, claimed_at AS claimedAt, emptied_at AS emptiedAt FROM lash_attachment_generations
      WHERE id > ? AND (claimed_at IS NOT NULL OR emptied_at IS NOT NULL) ORDER BY id LIMIT ${unreferencedPageRows}`,
    )
  }

  find(id: Buffer): ContentState {
    return this.#find.get(id) as ContentState
  }

  /** Where unknown content starts. */
  floor(): number {
    return this.#floor.get() as number
  }

  /** The next page of content without refs, in the order of ids: claimed content and tombstones. */
  unreferenced(after: AttachmentId): AttachmentContentRecord[] {
    return (this.#unreferenced.all(idBytes(after)) as UnreferencedRow[]).map(
      ({ id, generation, claimedAt, emptiedAt }) => ({
        attachmentId: idOf(id),
        generation,
        ...(claimedAt === null ? {} : { claimedAtEpochMs: claimedAt }),
        ...(emptiedAt === null ? {} : { emptiedAtEpochMs: emptiedAt }),
        refs: [],
      }),
    )
  }

  /** Looks at many contents at once, in one snapshot. Somebody has content that has refs or is under a claim. */
  listed({ ids, generations }: RefTargets): ListedRow[] {
    return this.#listed.all({ ids, generations: JSON.stringify(generations) }) as ListedRow[]
  }

  /** For an intent. Content under a sweeper's claim moves on to the next generation, which the claim does not cover. */
  live(id: Buffer): number {
    const { generation, claim, emptiedAt } = this.find(id)
    if (claim === null && emptiedAt === null) return generation
    const live = claim === null ? generation : generation + 1
    this.#revive.run(live, id)
    return live
  }

  /** Content whose claim was made by then, the oldest first. */
  stale(claimedAt: number, limit: number): Buffer[] {
    return this.#stale.all(claimedAt, limit) as Buffer[]
  }

  /** How many they are, but at most `limit`. */
  countStale(claimedAt: number, limit: number): number {
    return this.#countStale.get(claimedAt, limit) as number
  }

  claim(id: Buffer, generation: number, token: string, now: number): void {
    this.#claim.run(id, generation, token, now)
  }

  /** Ends a claim that still stands: the content moves to its next generation, and is a tombstone. */
  settle(id: Buffer, token: string, now: number): void {
    this.#settle.run(now, id, token)
  }

  /** Makes a tombstone of the content, whatever it was. */
  bury(id: Buffer, generation: number, now: number): void {
    this.#bury.run(id, generation, now)
  }

  /**
   * Forgets old tombstones. A tombstone is at a generation that was never given out: unknown content that starts there,
   * or above, meets no deleter of the copies below.
   */
  purge(emptiedBefore: number): void {
    const generations = this.#purge.all(emptiedBefore) as number[]
    if (generations.length > 0) this.#raiseFloor.run({ generation: Math.max(...generations) })
  }
}
