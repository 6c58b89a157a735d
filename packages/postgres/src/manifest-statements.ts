import { type Statement, statement } from './statement.ts'

/**
 * The steps of the manifest beside intents and claims. The rules that keep them safe:
 *
 * - Whoever writes a ref on behalf of a session holds its content row FOR SHARE, until the end of the transaction. Sessions do not wait for each other.
 * - Whoever takes content away holds its row FOR UPDATE first and reads its refs in a **later statement**: in READ COMMITTED a statement sees what was
 *   committed before it began, so refs read by the statement that waited for the lock would be those of before the wait.
 * - A locked row is the newest version of it, so generation and claim are read from the lock itself.
 * - A row under a claim, and a tombstone, have no refs.
 * - Rows are locked in the order of ids, contents before refs.
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
  /** $1 time, $2 last id seen. Every entry of the next contents. */
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

const entryColumns = `encode(r.id, 'hex') AS id, r.session_id, r.generation, r.intent_at, r.committed_at, r.released_at,
        r.media_type, r.width, r.height, r.label`

export function manifestStatements(schema: string): ManifestStatements {
  const contents = `"${schema}".attachment_contents`
  const refs = `"${schema}".attachment_refs`

  return {
    commit: statement(`
      WITH target AS (
        SELECT * FROM unnest($2::bytea[], $3::bigint[]) AS t (id, generation)
      ), content AS MATERIALIZED (
        SELECT c.id, c.generation FROM ${contents} c
        WHERE c.id = ANY ($2::bytea[]) AND c.claim IS NULL AND c.settled_at IS NULL
        ORDER BY c.id
        FOR SHARE OF c
      ), ref AS MATERIALIZED (
        SELECT r.id, r.generation FROM content JOIN ${refs} r ON r.id = content.id
        WHERE r.session_id = $1 AND r.released_at IS NULL
        ORDER BY r.id
        FOR NO KEY UPDATE OF r
      ), refused AS MATERIALIZED (
        SELECT DISTINCT target.id
        FROM target LEFT JOIN content ON content.id = target.id LEFT JOIN ref ON ref.id = target.id
        WHERE (ref.generation = content.generation AND coalesce(target.generation, ref.generation) = content.generation) IS NOT TRUE
      ), committed AS (
        UPDATE ${refs} r SET committed_at = $4
        FROM ref
        WHERE r.id = ref.id AND r.session_id = $1 AND r.committed_at IS NULL AND NOT EXISTS (SELECT FROM refused)
      )
      SELECT encode(id, 'hex') AS id FROM refused`),

    release: statement(`
      WITH content AS MATERIALIZED (
        SELECT c.id FROM ${contents} c WHERE c.id = ANY ($2::bytea[]) ORDER BY c.id FOR SHARE OF c
      ), ref AS MATERIALIZED (
        SELECT r.id FROM content JOIN ${refs} r ON r.id = content.id
        WHERE r.session_id = $1 AND r.released_at IS NULL
        ORDER BY r.id
        FOR NO KEY UPDATE OF r
      )
      UPDATE ${refs} r SET released_at = $3 FROM ref WHERE r.id = ref.id AND r.session_id = $1`),

    releaseAll: statement(`
      WITH content AS MATERIALIZED (
        SELECT c.id FROM ${contents} c
        WHERE c.id IN (SELECT r.id FROM ${refs} r WHERE r.session_id = $1 AND r.released_at IS NULL)
        ORDER BY c.id
        FOR SHARE OF c
      ), ref AS MATERIALIZED (
        SELECT r.id FROM content JOIN ${refs} r ON r.id = content.id
        WHERE r.session_id = $1 AND r.released_at IS NULL
        ORDER BY r.id
        FOR NO KEY UPDATE OF r
      )
      UPDATE ${refs} r SET released_at = $2 FROM ref WHERE r.id = ref.id AND r.session_id = $1`),

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

    listUncommitted: statement(`
      WITH orphan AS (
        SELECT DISTINCT r.id FROM ${refs} r
        WHERE (r.committed_at IS NULL OR r.released_at IS NOT NULL) AND coalesce(r.released_at, r.intent_at) <= $1
          AND r.id > $2
          AND NOT EXISTS (
            SELECT FROM ${refs} other
            WHERE other.id = r.id AND (
              (other.committed_at IS NOT NULL AND other.released_at IS NULL)
              OR coalesce(other.released_at, other.intent_at) > $1
            )
          )
        ORDER BY r.id
        LIMIT ${contentPage}
      )
      SELECT ${entryColumns}
      FROM orphan JOIN ${refs} r ON r.id = orphan.id
      ORDER BY r.id, r.session_id`),

    forgetLock: statement(`SELECT FROM ${contents} WHERE id = $1 FOR UPDATE`),

    forgetRefs: statement(`DELETE FROM ${refs} WHERE id = $1`),

    forgetContent: statement(`
      UPDATE ${contents}
      SET generation = generation + 1, claim = NULL, claimed_at = NULL, settled_at = $2
      WHERE id = $1`),
  }
}
