import { type Statement, statement } from '../database/statement.ts'

/**
 * How intents are recorded, one by one and many at once. The rules of `ManifestStatements` hold here too. Rows are taken in this order: contents, refs,
 * blobs; in each table by key.
 *
 * A statement for many must not wait for the transaction of a host, and with it everybody in it. So it takes only rows that nobody holds, and
 * leaves out what it would have to wait for, or what must be moved to another generation: that is recorded alone.
 */
export interface IntentStatements {
  /** $1 id, $2 session, $3 time, $4 to $7 metadata. One row: the generation. None when it met a claim being made: repeat it. */
  readonly record: Statement
  /** $1 to $7 as of record, $8 length, $9 bytes. The row also says whether the copy was inserted, and what was there before. */
  readonly recordAndPut: Statement
  /** Arrays: $1 to $7 as of record, each id and session once. Rows: id, session and generation of those that were recorded. */
  readonly recordMany: Statement
  /** Arrays: $1 to $7 as of recordMany, $8 lengths, $9 where in $10, the bytes of all of them, theirs begin, from 1. Rows: also as of recordAndPut. */
  readonly recordAndPutMany: Statement
}

export function intentStatements(schema: string): IntentStatements {
  const contents = `"${schema}".attachment_contents`
  const refs = `"${schema}".attachment_refs`
  const blobs = `"${schema}".attachment_blobs`

  // Content that is there and unclaimed is only locked, so that sessions with the same content do not wait for each other; all other is
  // created or moved on. What `held` had to wait for and found claimed is locked already, and two that both went on to move it would wait for each
  // other: so nothing is recorded then, and the statement is to be repeated.
  const record = `
      WITH held AS MATERIALIZED (
        SELECT generation FROM ${contents}
        WHERE id = $1::bytea AND claim IS NULL AND settled_at IS NULL
        FOR SHARE
      ), moved AS (
        INSERT INTO ${contents} AS c (id)
        SELECT $1::bytea
        WHERE NOT EXISTS (SELECT FROM ${contents} WHERE id = $1::bytea AND claim IS NULL AND settled_at IS NULL)
        ON CONFLICT (id) DO UPDATE
        SET generation = c.generation + CASE WHEN c.claim IS NULL THEN 0 ELSE 1 END,
          claim = NULL, claimed_at = NULL, settled_at = NULL
        RETURNING generation
      ), current AS (
        SELECT generation FROM held UNION ALL SELECT generation FROM moved
      ), ref AS (
        INSERT INTO ${refs} AS r (id, session_id, generation, intent_at, media_type, width, height, label)
        SELECT $1::bytea, $2, generation, $3, $4, $5, $6, $7 FROM current
        ON CONFLICT (id, session_id) DO UPDATE
        SET generation = excluded.generation, intent_at = excluded.intent_at, released_at = NULL,
          committed_at = CASE WHEN r.released_at IS NULL AND r.generation = excluded.generation THEN r.committed_at END,
          media_type = excluded.media_type, width = excluded.width, height = excluded.height, label = excluded.label
        RETURNING generation
      )`

  // `added` are refs that were not there when this statement began, and it may wait for who is inserting the same one. So it begins when every
  // content is held, and has ended before `met` locks the refs that are there: while it waits, nobody waits for those. What puts begins when
  // every ref is written.
  const recordMany = `
      WITH intent AS MATERIALIZED (
        SELECT *
        FROM unnest($1::bytea[], $2::text[], $3::bigint[], $4::text[], $5::integer[], $6::integer[], $7::text[])
          AS i (id, session_id, intent_at, media_type, width, height, label)
      ), held AS MATERIALIZED (
        SELECT c.id, c.generation FROM ${contents} c
        WHERE c.id = ANY ($1::bytea[]) AND c.claim IS NULL AND c.settled_at IS NULL
        ORDER BY c.id
        FOR SHARE OF c SKIP LOCKED
      ), created AS (
        INSERT INTO ${contents} AS c (id)
        SELECT DISTINCT i.id FROM intent i
        WHERE NOT EXISTS (SELECT FROM ${contents} c WHERE c.id = i.id)
        ORDER BY i.id
        ON CONFLICT (id) DO NOTHING
        RETURNING c.id, c.generation
      ), ready AS MATERIALIZED (
        SELECT i.*, current.generation
        FROM (SELECT id, generation FROM held UNION ALL SELECT id, generation FROM created) AS current
        JOIN intent i ON i.id = current.id
        ORDER BY i.id, i.session_id
      ), added AS (
        INSERT INTO ${refs} AS r (id, session_id, generation, intent_at, media_type, width, height, label)
        SELECT i.id, i.session_id, i.generation, i.intent_at, i.media_type, i.width, i.height, i.label
        FROM ready i
        WHERE NOT EXISTS (SELECT FROM ${refs} r WHERE r.id = i.id AND r.session_id = i.session_id)
          AND (SELECT pg_catalog.count(*) FROM ready) > 0
        ORDER BY i.id, i.session_id
        ON CONFLICT (id, session_id) DO NOTHING
        RETURNING r.id, r.session_id, r.generation
      ), met AS MATERIALIZED (
        SELECT i.*
        FROM ready i JOIN ${refs} r ON r.id = i.id AND r.session_id = i.session_id
        WHERE (SELECT pg_catalog.count(*) FROM added) >= 0
        FOR NO KEY UPDATE OF r SKIP LOCKED
      ), renewed AS (
        UPDATE ${refs} r
        SET generation = i.generation, intent_at = i.intent_at, released_at = NULL,
          committed_at = CASE WHEN r.released_at IS NULL AND r.generation = i.generation THEN r.committed_at END,
          media_type = i.media_type, width = i.width, height = i.height, label = i.label
        FROM met i
        WHERE r.id = i.id AND r.session_id = i.session_id
        RETURNING r.id, r.session_id, r.generation
      ), ref AS MATERIALIZED (
        SELECT id, session_id, generation FROM renewed UNION ALL SELECT id, session_id, generation FROM added
      )`

  return {
    record: statement(`${record}
      SELECT generation FROM ref`),

    // While the content is held, the copy at its generation is nobody's to delete: what was there before is still there.
    recordAndPut: statement(`${record}, inserted AS (
        INSERT INTO ${blobs} (id, generation, byte_length, media_type, width, height, label, bytes)
        SELECT $1::bytea, generation, $8, $4, $5, $6, $7, $9 FROM ref
        ON CONFLICT (id, generation) DO NOTHING
        RETURNING true
      )
      SELECT ref.generation, EXISTS (SELECT FROM inserted) AS inserted,
        b.byte_length, b.media_type, b.width, b.height, b.label, pg_catalog.octet_length(b.bytes) AS stored_length
      FROM ref LEFT JOIN ${blobs} b ON b.id = $1::bytea AND b.generation = ref.generation`),

    recordMany: statement(`${recordMany}
      SELECT pg_catalog.encode(id, 'hex') AS id, session_id, generation FROM ref`),

    recordAndPutMany: statement(`${recordMany}, body AS MATERIALIZED (
        SELECT id, session_id, byte_length, substring($10::bytea FROM start FOR byte_length) AS bytes
        FROM unnest($1::bytea[], $2::text[], $8::integer[], $9::integer[]) AS b (id, session_id, byte_length, start)
      ), inserted AS MATERIALIZED (
        INSERT INTO ${blobs} (id, generation, byte_length, media_type, width, height, label, bytes)
        SELECT ref.id, ref.generation, body.byte_length, i.media_type, i.width, i.height, i.label, body.bytes
        FROM ref
        JOIN intent i ON i.id = ref.id AND i.session_id = ref.session_id
        JOIN body ON body.id = ref.id AND body.session_id = ref.session_id
        WHERE (SELECT pg_catalog.count(*) FROM ref) > 0
        ORDER BY ref.id, ref.generation
        ON CONFLICT (id, generation) DO NOTHING
        RETURNING id, generation
      )
      SELECT pg_catalog.encode(ref.id, 'hex') AS id, ref.session_id, ref.generation, inserted.id IS NOT NULL AS inserted,
        b.byte_length, b.media_type, b.width, b.height, b.label, b.stored_length
      FROM ref
      LEFT JOIN inserted ON inserted.id = ref.id
      LEFT JOIN LATERAL (
        SELECT b.byte_length, b.media_type, b.width, b.height, b.label, pg_catalog.octet_length(b.bytes) AS stored_length
        FROM ${blobs} b
        WHERE b.id = ref.id AND b.generation = ref.generation AND inserted.id IS NULL
        OFFSET 0
      ) b ON true`),
  }
}
