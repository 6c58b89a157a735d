import { type Statement, statement } from '../database/statement.ts'

/**
 * The statements of the manifest, but for intents and claims. These rules make all three kinds safe:
 *
 * - A statement that writes a ref for a session holds the content row FOR SHARE until the end of the transaction.
 *   Sessions do not wait for each other.
 * - A sweep that claims content locks its row FOR UPDATE first, and reads its refs in a **later statement**. In READ
 *   COMMITTED a statement sees what was committed before it began. So the statement that waited for the lock would see
 *   the refs of before the wait.
 * - Locking a row gives its newest version, so generation and claim are read from the lock itself.
 * - A content row under a claim has no refs, and neither has a tombstone.
 * - Rows are locked in the order of ids, contents before refs.
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
   * $1 session, $2 ids, $3 generations (null: that of the last intent), $4 time. Gives the refused ids. When there are
   * any, nothing has changed.
   */
  readonly commit: Statement
  /** $1 session, $2 ids, $3 time. */
  readonly release: Statement
  /** $1 session, $2 time. */
  readonly releaseAll: Statement
  /** $1 session, $2 id. */
  readonly lookup: Statement
  /** $1 sessions, $2 ids. Gives the entry of each pair that has one. */
  readonly lookupMany: Statement
  /** $1 session, $2 last id seen. */
  readonly listRefs: Statement
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

const entryColumns = `pg_catalog.encode(r.id, 'hex') AS id, r.session_id, r.generation,
        r.intent_at, r.committed_at, r.released_at, r.media_type, r.width, r.height, r.label`

export function manifestStatements(schema: string): ManifestStatements {
  const contents = `"${schema}".attachment_contents`
  const refs = `"${schema}".attachment_refs`

  // `ref` carries the session, for the UPDATE to join on: with the session as a condition, the planner would read all
  // refs of the session for each id.
  const release = `content AS MATERIALIZED (
        SELECT held.id FROM held
        CROSS JOIN LATERAL (SELECT FROM ${contents} c WHERE c.id = held.id FOR SHARE OFFSET 0) c
      ), ref AS MATERIALIZED (
        SELECT content.id, $1::text AS session_id FROM (SELECT id FROM content ORDER BY id) AS content
        CROSS JOIN LATERAL (
          SELECT FROM ${refs} r
          WHERE r.id = content.id AND r.session_id = $1 AND r.released_at IS NULL
          FOR NO KEY UPDATE OFFSET 0
        ) r
      )`

  return {
    commit: statement(`
      WITH target AS (
        SELECT * FROM unnest((SELECT $2::bytea[]), (SELECT $3::bigint[])) AS t (id, generation) ORDER BY id
      ), content AS MATERIALIZED (
        SELECT target.id, target.generation AS wanted, c.generation
        FROM target
        LEFT JOIN LATERAL (
          SELECT c.generation FROM ${contents} c
          WHERE c.id = target.id AND c.claim IS NULL AND c.settled_at IS NULL
          FOR SHARE OFFSET 0
        ) c ON true
      ), ref AS MATERIALIZED (
        SELECT content.id, $1::text AS session_id, r.committed_at IS NULL AS uncommitted,
          (r.generation = content.generation AND coalesce(content.wanted, r.generation) = content.generation) IS TRUE
            AS right_one
        FROM (SELECT * FROM content ORDER BY id) AS content
        LEFT JOIN LATERAL (
          SELECT r.generation, r.committed_at FROM ${refs} r
          WHERE r.id = content.id AND r.session_id = $1 AND r.released_at IS NULL AND content.generation IS NOT NULL
          FOR NO KEY UPDATE OFFSET 0
        ) r ON true
      ), refused AS MATERIALIZED (
        SELECT DISTINCT id FROM ref WHERE NOT right_one
      ), committed AS (
        UPDATE ${refs} r SET committed_at = $4
        FROM ref
        WHERE r.id = ref.id AND r.session_id = ref.session_id AND ref.uncommitted AND NOT EXISTS (SELECT FROM refused)
      )
      SELECT pg_catalog.encode(id, 'hex') AS id FROM refused`),

    release: statement(`
      WITH held AS (
        SELECT * FROM pg_catalog.unnest((SELECT $2::bytea[])) AS held (id) ORDER BY id
      ), ${release}
      UPDATE ${refs} r SET released_at = $3 FROM ref WHERE r.id = ref.id AND r.session_id = ref.session_id`),

    releaseAll: statement(`
      WITH held AS (
        SELECT id FROM ${refs} WHERE session_id = $1 AND released_at IS NULL ORDER BY id
      ), ${release}
      UPDATE ${refs} r SET released_at = $2 FROM ref WHERE r.id = ref.id AND r.session_id = ref.session_id`),

    lookup: statement(`
      SELECT ${entryColumns}
      FROM ${refs} r
      WHERE r.session_id = $1 AND r.id = $2`),

    lookupMany: statement(`
      SELECT ${entryColumns}
      FROM unnest($1::text[], $2::bytea[]) AS key (session_id, id)
      CROSS JOIN LATERAL (SELECT * FROM ${refs} r WHERE r.id = key.id AND r.session_id = key.session_id OFFSET 0) r`),

    listRefs: statement(`
      SELECT ${entryColumns}
      FROM ${refs} r
      WHERE r.session_id = $1 AND r.id > $2
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
              OR (coalesce(other.released_at, other.intent_at), other.session_id)
                < (coalesce(r.released_at, r.intent_at), r.session_id)
            )
          )
        ORDER BY coalesce(r.released_at, r.intent_at), r.id
        LIMIT ${contentPage}
      )
      SELECT orphan.age, ${entryColumns}
      FROM orphan JOIN ${refs} r ON r.id = orphan.id
      ORDER BY orphan.age, r.id, r.session_id`),

    forgetLock: statement(`SELECT FROM ${contents} WHERE id = $1 FOR UPDATE`),

    forgetRefs: statement(`DELETE FROM ${refs} WHERE id = $1`),

    forgetContent: statement(`
      UPDATE ${contents}
      SET generation = generation + 1, claim = NULL, claimed_at = NULL, settled_at = $2
      WHERE id = $1`),
  }
}
