import { type Statement, statement } from '../database/statement.ts'

/**
 * The statements of the manifest, but for intents and claims. These rules make all three kinds safe:
 *
 * - A statement that writes a ref holds the content row FOR SHARE until the end of the transaction.
 *   Sessions do not wait for each other.
 * - A sweep that claims content locks its row FOR UPDATE first, and reads its refs in a **later statement**. In READ
 *   COMMITTED a statement sees what was committed before it began. So the statement that waited for the lock would see
 *   the refs of before the wait.
 * - Locking a row gives its newest version, so generation and claim are read from the lock itself.
 * - A content row under a claim has no refs, and neither has a tombstone.
 * - A statement that may add a content takes its generation from a lock of the floor. See `FloorStatements`.
 * - Rows are locked in this order: the floor, contents by id, refs by id, session and holder.
 *
 * To do the same on every connection, statements name functions with their schema. The exceptions are those that have a
 * syntax of their own, such as `coalesce`, `substring ... FROM` and an `unnest` of several arrays: they are always the
 * server's own.
 *
 * To read no table as a whole, whatever its statistics, statements look up rows of the next table in a LATERAL subquery
 * with OFFSET 0, which the planner does not flatten. And `unnest((SELECT $1))` hides from it how many ids there are.
 */
export interface ManifestStatements {
  /**
   * $1 session, $2 holder, $3 ids, $4 generations (null: that of the last intent), $5 time. Gives the refused ids. When
   * there are any, nothing has changed.
   */
  readonly commit: Statement
  /** $1 session, $2 time, $3 uncommitted only, $4 ids. Of every holder. */
  readonly release: Statement
  /** $1 session, $2 time, $3 uncommitted only, $4 ids, $5 holder. */
  readonly releaseHeld: Statement
  /** $1 session, $2 time, $3 uncommitted only. Of every holder. As releaseAllHeld, in a `Database.transaction`. */
  readonly releaseAll: Statement
  /** $1 session, $2 time, $3 uncommitted only, $4 holder. */
  readonly releaseAllHeld: Statement
  /** $1 session, $2 id. Gives the ref of the session that comes first: {@link refRank}. */
  readonly lookup: Statement
  /** $1 session, $2 id, $3 holder. */
  readonly lookupHeld: Statement
  /**
   * $1 sessions, $2 ids, $3 holders (null: as in lookup). Gives the refs, and the place of each in the arrays, from 1.
   */
  readonly lookupMany: Statement
  /** $1 session, $2 holder and $3 id of the last ref seen. */
  readonly listRefs: Statement
  /** $1 session, $2 holder, $3 last id seen. */
  readonly listHeld: Statement
  /**
   * $1 time, $2 and $3 age and id of the last entry seen. Gives all entries of the next contents, with the age of the
   * oldest entry of each content. Runs in a `Database.transaction`.
   */
  readonly listUncommitted: Statement
  /** $1 id. */
  readonly forgetLock: Statement
  /** $1 id. */
  readonly forgetRefs: Statement
  /** $1 id, $2 time. */
  readonly forgetContent: Statement
}

/** Refs in a page of a listing. */
export const refPage = 1000
/** Contents in a page of a listing. */
export const contentPage = 500

/** Of a ref `r`: a `RefRow`. */
export const entryColumns: string = `pg_catalog.encode(r.id, 'hex') AS id, r.session_id, r.holder, r.long_holder, r.generation,
        r.byte_length, r.intent_at, r.committed_at, r.released_at, r.media_type, r.width, r.height, r.label`

/** Which ref of a session to a content comes first: by this, then by intent_at. As the index has it. */
const refRank = 'CASE WHEN r.released_at IS NOT NULL THEN 2 WHEN r.committed_at IS NULL THEN 1 ELSE 0 END'

export function manifestStatements(schema: string): ManifestStatements {
  const contents = `"${schema}".attachment_generations`
  const refs = `"${schema}".attachment_holds`

  // `ref` carries the session, for the UPDATE to join on: with the session as a condition, the planner would read all
  // refs of the session for each of `wanted`.
  const release = (wanted: string) => `
      WITH wanted AS MATERIALIZED (
        ${wanted}
      ), content AS MATERIALIZED (
        SELECT key.id FROM (SELECT DISTINCT id FROM wanted ORDER BY id) AS key
        CROSS JOIN LATERAL (SELECT FROM ${contents} c WHERE c.id = key.id FOR SHARE OFFSET 0) c
      ), ref AS MATERIALIZED (
        SELECT key.id, $1::text AS session_id, key.holder
        FROM (SELECT id, holder FROM content JOIN wanted USING (id) ORDER BY id, holder) AS key
        CROSS JOIN LATERAL (
          SELECT FROM ${refs} r
          WHERE r.session_id = $1 AND r.holder = key.holder AND r.id = key.id AND r.released_at IS NULL
            AND (r.committed_at IS NULL OR NOT $3::boolean)
          FOR NO KEY UPDATE OFFSET 0
        ) r
      )
      UPDATE ${refs} r SET released_at = $2
      FROM ref
      WHERE r.session_id = ref.session_id AND r.holder = ref.holder AND r.id = ref.id`

  return {
    commit: statement(`
      WITH target AS (
        SELECT * FROM unnest((SELECT $3::bytea[]), (SELECT $4::bigint[])) AS t (id, generation) ORDER BY id
      ), content AS MATERIALIZED (
        SELECT target.id, target.generation AS wanted, c.generation
        FROM target
        LEFT JOIN LATERAL (
          SELECT c.generation FROM ${contents} c
          WHERE c.id = target.id AND c.claim IS NULL AND c.settled_at IS NULL
          FOR SHARE OFFSET 0
        ) c ON true
      ), ref AS MATERIALIZED (
        SELECT content.id, $1::text AS session_id, $2::text AS holder, r.committed_at IS NULL AS uncommitted,
          (r.generation = content.generation AND coalesce(content.wanted, r.generation) = content.generation) IS TRUE
            AS right_one
        FROM (SELECT * FROM content ORDER BY id) AS content
        LEFT JOIN LATERAL (
          SELECT r.generation, r.committed_at FROM ${refs} r
          WHERE r.session_id = $1 AND r.holder = $2 AND r.id = content.id
            AND r.released_at IS NULL AND content.generation IS NOT NULL
          FOR NO KEY UPDATE OFFSET 0
        ) r ON true
      ), refused AS MATERIALIZED (
        SELECT DISTINCT id FROM ref WHERE NOT right_one
      ), committed AS (
        UPDATE ${refs} r SET committed_at = $5
        FROM ref
        WHERE r.session_id = ref.session_id AND r.holder = ref.holder AND r.id = ref.id
          AND ref.uncommitted AND NOT EXISTS (SELECT FROM refused)
      )
      SELECT pg_catalog.encode(id, 'hex') AS id FROM refused`),

    // The order makes the planner take the index that has it, and not that of the session.
    release: statement(
      release(`SELECT r.id, r.holder
        FROM pg_catalog.unnest((SELECT $4::bytea[])) AS key (id)
        CROSS JOIN LATERAL (
          SELECT r.id, r.holder FROM ${refs} r
          WHERE r.id = key.id AND r.session_id = $1 AND r.released_at IS NULL
          ORDER BY ${refRank}, r.intent_at
          OFFSET 0
        ) r`),
    ),

    releaseHeld: statement(
      release('SELECT key.id, $5::text AS holder FROM pg_catalog.unnest((SELECT $4::bytea[])) AS key (id)'),
    ),

    releaseAll: statement(release(`SELECT id, holder FROM ${refs} WHERE session_id = $1 AND released_at IS NULL`)),

    releaseAllHeld: statement(
      release(`SELECT id, holder FROM ${refs} WHERE session_id = $1 AND holder = $4 AND released_at IS NULL`),
    ),

    lookup: statement(`
      SELECT ${entryColumns}
      FROM ${refs} r
      WHERE r.id = $2 AND r.session_id = $1
      ORDER BY ${refRank}, r.intent_at
      LIMIT 1`),

    lookupHeld: statement(`
      SELECT ${entryColumns}
      FROM ${refs} r
      WHERE r.session_id = $1 AND r.holder = $3 AND r.id = $2`),

    lookupMany: statement(`
      SELECT key.place, ${entryColumns}
      FROM unnest($1::text[], $2::bytea[], $3::text[]) WITH ORDINALITY AS key (session_id, id, holder, place)
      CROSS JOIN LATERAL (
        SELECT * FROM ${refs} r
        WHERE r.session_id = key.session_id AND r.holder = key.holder AND r.id = key.id
        OFFSET 0
      ) r
      WHERE key.holder IS NOT NULL
      UNION ALL
      SELECT key.place, ${entryColumns}
      FROM unnest($1::text[], $2::bytea[], $3::text[]) WITH ORDINALITY AS key (session_id, id, holder, place)
      CROSS JOIN LATERAL (
        SELECT * FROM ${refs} r
        WHERE r.id = key.id AND r.session_id = key.session_id
        ORDER BY ${refRank}, r.intent_at
        LIMIT 1
      ) r
      WHERE key.holder IS NULL`),

    listRefs: statement(`
      SELECT ${entryColumns}
      FROM ${refs} r
      WHERE r.session_id = $1 AND (r.holder, r.id) > ($2, $3)
      ORDER BY r.holder, r.id
      LIMIT ${refPage}`),

    listHeld: statement(`
      SELECT ${entryColumns}
      FROM ${refs} r
      WHERE r.session_id = $1 AND r.holder = $2 AND r.id > $3
      ORDER BY r.id
      LIMIT ${refPage}`),

    // A content is listed at the first of its refs in the index of loose refs; all its refs are in that index. So the
    // pages go through the index once, and each costs what it lists.
    listUncommitted: statement(`
      WITH orphan AS MATERIALIZED (
        SELECT coalesce(r.released_at, r.intent_at) AS age, r.id
        FROM ${refs} r
        WHERE (r.committed_at IS NULL OR r.released_at IS NOT NULL) AND coalesce(r.released_at, r.intent_at) <= $1
          AND (coalesce(r.released_at, r.intent_at), r.id) > ($2::bigint, $3::bytea)
          AND NOT EXISTS (
            SELECT FROM ${refs} other
            WHERE other.id = r.id AND (
              (other.committed_at IS NOT NULL AND other.released_at IS NULL)
              OR coalesce(other.released_at, other.intent_at) > $1
              OR (coalesce(other.released_at, other.intent_at), other.session_id, other.holder)
                < (coalesce(r.released_at, r.intent_at), r.session_id, r.holder)
            )
          )
        ORDER BY coalesce(r.released_at, r.intent_at), r.id
        LIMIT ${contentPage}
      )
      SELECT orphan.age, ${entryColumns}
      FROM orphan JOIN ${refs} r ON r.id = orphan.id
      ORDER BY orphan.age, r.id, r.session_id, r.holder`),

    forgetLock: statement(`SELECT FROM ${contents} WHERE id = $1 FOR UPDATE`),

    forgetRefs: statement(`DELETE FROM ${refs} WHERE id = $1`),

    forgetContent: statement(`
      UPDATE ${contents}
      SET generation = generation + 1, claim = NULL, claimed_at = NULL, settled_at = $2
      WHERE id = $1`),
  }
}
