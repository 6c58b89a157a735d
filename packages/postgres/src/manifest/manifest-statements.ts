import { type Statement, statement } from '../database/statement.ts'

/**
 * The steps of the manifest beside intents and claims. The rules that keep them safe:
 *
 * - Whoever writes a ref on behalf of a session holds its content row FOR SHARE, until the end of the transaction. Sessions do not wait for each other.
 * - Whoever takes content away holds its row FOR UPDATE first and reads its refs in a **later statement**: in READ COMMITTED a statement sees what was
 *   committed before it began, so refs read by the statement that waited for the lock would be those of before the wait.
 * - A locked row is the newest version of it, so generation and claim are read from the lock itself.
 * - A row under a claim, and a tombstone, have no refs.
 * - Rows are locked in the order of ids, contents before refs.
 *
 * And so that each does the same on every connection: functions are named with their schema, but for those that SQL itself spells, such as `coalesce`,
 * `substring ... FROM` and an `unnest` of several arrays, which are the server's own anyway.
 *
 * And so that none reads all of a table, whatever the server knows of it: rows of the next table are looked up in a LATERAL subquery with OFFSET 0, which
 * the planner leaves where it is; and `unnest((SELECT $1))` does not tell it how many ids there are.
 */
export interface ManifestStatements {
  /** $1 session, $2 ids, $3 generations (null: that of the last intent), $4 time. The ids that are refused; when there are any, nothing has changed. */
  readonly commit: Statement
  /** $1 session, $2 ids, $3 time. */
  readonly release: Statement
  /** $1 session, $2 time. */
  readonly releaseAll: Statement
  /** $1 session, $2 id. */
  readonly lookup: Statement
  /** $1 sessions, $2 ids: of each pair the entry, if there is one. */
  readonly lookupMany: Statement
  /** $1 session, $2 last id seen. */
  readonly listRefs: Statement
  /** $1 time, $2 and $3 age and id of the last seen. Every entry of the next contents, with the age of the oldest entry of each. For a transaction of `Database`. */
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

const entryColumns = `pg_catalog.encode(r.id, 'hex') AS id, r.session_id, r.generation, r.intent_at, r.committed_at, r.released_at,
        r.media_type, r.width, r.height, r.label`

export function manifestStatements(schema: string): ManifestStatements {
  const contents = `"${schema}".attachment_contents`
  const refs = `"${schema}".attachment_refs`

  // The session is joined by, not asked for: the planner would read all refs of the session for each id.
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
          (r.generation = content.generation AND coalesce(content.wanted, r.generation) = content.generation) IS TRUE AS right_one
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

    // Content is listed by the first of its refs in the index, all of which are in it. So pages go through the index once, and each costs what it
    // lists.
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
              OR (coalesce(other.released_at, other.intent_at), other.session_id) < (coalesce(r.released_at, r.intent_at), r.session_id)
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
