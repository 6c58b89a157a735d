import { type Statement, statement } from '../database/statement.ts'
import { lockedFloor } from './floor-statements.ts'

/**
 * The statements of a sweep. The rules of `ManifestStatements` hold here too. All but `lookAtBlobs`, `claimUnknown` and
 * `settle` run in a `Database.transaction`, which forces index lookups. Those three are written so that the planner
 * chooses them.
 */
export interface ClaimStatements {
  /** $1 time, $2 limit, $3 ids or null, $4 released only. Locks content that looks orphaned. */
  readonly lockOrphans: Statement
  /** $1 ids locked before, $2 time, $3 released only, $4 now. Drops old refs and claims orphans. Gives the claims. */
  readonly claimLocked: Statement
  /** $1 time, $2 limit, $3 ids or null, $4 now. Takes over stale claims. Gives them. */
  readonly takeOver: Statement
  /**
   * $1 ids, $2 generations, each id once. Gives the content's generation or, of unknown content, the floor, and which
   * of them look claimable.
   */
  readonly lookAtBlobs: Statement
  /** $1 ids and $2 generations, $3 now. Claims content that has no row, at or above the floor. Gives the claims. */
  readonly claimUnknown: Statement
  /** $1 ids. Locks their rows. Gives the locked ids. */
  readonly lockContents: Statement
  /** $1 ids locked before and $2 generations, $3 now. Claims those without refs and claim. Gives the claims. */
  readonly claimUnreferenced: Statement
  /** $1 ids, $2 tokens, $3 now, $4 time until which tombstones are purged. Gives whether there are any to purge. */
  readonly settle: Statement
}

export function claimStatements(schema: string): ClaimStatements {
  const contents = `"${schema}".attachment_generations`
  const refs = `"${schema}".attachment_holds`
  const floor = `"${schema}".attachment_floor`
  return {
    // Not prepared, so that the plan fits the ids and the limit of each call. The rows are only candidates: what is an
    // orphan is decided when they are locked.
    lockOrphans: {
      name: '',
      text: `
      SELECT pg_catalog.encode(c.id, 'hex') AS id
      FROM ${refs} r
      CROSS JOIN LATERAL (
        SELECT c.id FROM ${contents} c WHERE c.id = r.id AND c.claim IS NULL FOR UPDATE SKIP LOCKED OFFSET 0
      ) c
      WHERE (r.committed_at IS NULL OR r.released_at IS NOT NULL) AND coalesce(r.released_at, r.intent_at) <= $1
        AND ($3::bytea[] IS NULL OR r.id = ANY ($3::bytea[]))
        AND (NOT $4::boolean OR NOT EXISTS (
          SELECT FROM ${refs} other
          WHERE other.id = r.id AND (other.released_at IS NULL OR other.released_at > $1)
          OFFSET 0
        ))
      ORDER BY coalesce(r.released_at, r.intent_at), r.id
      LIMIT $2`,
    },

    // Refs are read once, by id. Otherwise the planner would search the whole table for old ones.
    claimLocked: statement(`
      WITH ref AS MATERIALIZED (
        SELECT r.id, r.session_id, r.holder, r.released_at IS NOT NULL AS released,
          (r.committed_at IS NULL OR r.released_at IS NOT NULL) AND coalesce(r.released_at, r.intent_at) <= $2 AS old
        FROM pg_catalog.unnest($1::bytea[]) AS locked (id) JOIN ${refs} r ON r.id = locked.id
      ), orphan AS MATERIALIZED (
        SELECT id FROM ref GROUP BY id HAVING pg_catalog.bool_and(old AND (released OR NOT $3::boolean))
      ), dropped AS (
        DELETE FROM ${refs} r USING ref
        WHERE r.session_id = ref.session_id AND r.holder = ref.holder AND r.id = ref.id
          AND ref.old AND (NOT $3::boolean OR ref.id IN (SELECT id FROM orphan))
      )
      UPDATE ${contents} c SET claim = pg_catalog.gen_random_uuid(), claimed_at = $4
      WHERE c.id = ANY (ARRAY(SELECT id FROM orphan)) AND c.claim IS NULL
      RETURNING pg_catalog.encode(c.id, 'hex') AS id, c.generation, c.claim AS token`),

    // A content row under a claim has no refs, so there is nothing to check after the lock.
    takeOver: {
      name: '',
      text: `
      WITH stale AS MATERIALIZED (
        SELECT id FROM ${contents}
        WHERE claim IS NOT NULL AND claimed_at <= $1 AND ($3::bytea[] IS NULL OR id = ANY ($3::bytea[]))
        ORDER BY claimed_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
      )
      UPDATE ${contents} c SET claim = pg_catalog.gen_random_uuid(), claimed_at = $4
      WHERE c.id = ANY (ARRAY(SELECT id FROM stale))
      RETURNING pg_catalog.encode(c.id, 'hex') AS id, c.generation, c.claim AS token`,
    },

    // The floor may have been raised since. Then fewer copies are below the one given here.
    lookAtBlobs: statement(`
      WITH floor AS MATERIALIZED (
        SELECT generation FROM ${floor} WHERE stripe = 0
      )
      SELECT pg_catalog.encode(b.id, 'hex') AS id,
        CASE WHEN c.id IS NULL THEN (SELECT generation FROM floor) ELSE c.generation END AS generation,
        c.id IS NULL AND (SELECT generation FROM floor) <= b.generation AS unknown,
        c.claim IS NULL AND c.generation <= b.generation
          AND NOT EXISTS (SELECT FROM ${refs} r WHERE r.id = b.id OFFSET 0) AS unreferenced
      FROM unnest($1::bytea[], $2::bigint[]) AS b (id, generation)
      LEFT JOIN LATERAL (SELECT * FROM ${contents} c WHERE c.id = b.id OFFSET 0) c ON true`),

    claimUnknown: statement(`
      WITH floor AS MATERIALIZED (
        SELECT (${lockedFloor(schema)}) AS generation
      )
      INSERT INTO ${contents} AS c (id, generation, claim, claimed_at)
      SELECT b.id, b.generation, pg_catalog.gen_random_uuid(), $3
      FROM unnest($1::bytea[], $2::bigint[]) AS b (id, generation)
      WHERE (SELECT generation FROM floor) <= b.generation
      ORDER BY b.id
      ON CONFLICT (id) DO NOTHING
      RETURNING pg_catalog.encode(c.id, 'hex') AS id, c.generation, c.claim AS token`),

    lockContents: statement(`
      SELECT pg_catalog.encode(c.id, 'hex') AS id FROM ${contents} c
      WHERE c.id = ANY ($1::bytea[])
      ORDER BY c.id
      FOR UPDATE SKIP LOCKED`),

    claimUnreferenced: statement(`
      UPDATE ${contents} c
      SET generation = b.generation, claim = pg_catalog.gen_random_uuid(), claimed_at = $3, settled_at = NULL
      FROM unnest($1::bytea[], $2::bigint[]) AS b (id, generation)
      WHERE c.id = b.id AND c.claim IS NULL AND c.generation <= b.generation
        AND NOT EXISTS (SELECT FROM ${refs} r WHERE r.id = c.id)
      RETURNING pg_catalog.encode(c.id, 'hex') AS id, c.generation, c.claim AS token`),

    settle: statement(`
      WITH standing AS MATERIALIZED (
        SELECT c.id
        FROM ${contents} c
        JOIN unnest((SELECT $1::bytea[]), (SELECT $2::text[])) AS claim (id, token)
          ON c.id = claim.id AND c.claim = claim.token
        ORDER BY c.id
        FOR UPDATE OF c
      ), settled AS (
        UPDATE ${contents} c SET generation = c.generation + 1, claim = NULL, claimed_at = NULL, settled_at = $3::bigint
        FROM standing WHERE c.id = standing.id
        RETURNING c.id
      )
      SELECT coalesce((SELECT pg_catalog.min(settled_at) FROM ${contents} WHERE settled_at IS NOT NULL) <= $4, false)
        OR ($3 <= $4::bigint AND EXISTS (SELECT FROM settled)) AS expired`),
  }
}
