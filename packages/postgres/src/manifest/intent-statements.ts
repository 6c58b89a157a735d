import { type Statement, statement } from '../database/statement.ts'
import { lockedFloor } from './floor-statements.ts'

/**
 * The statements that record intents, one and many at once. The rules of `ManifestStatements` hold here too. Rows are
 * locked in this order: floor, contents, refs, blobs; in each table by key.
 *
 * A statement for many intents must not wait for the transaction of a host, since all of them would wait with it. So it
 * takes only rows that nobody holds. It leaves out intents that would have to wait, or whose content must move to
 * another generation; those are recorded alone.
 */
export interface IntentStatements {
  /**
   * $1 id, $2 session, $3 holder, $4 long holder, $5 length, $6 time, $7 to $10 metadata. Gives one row: the
   * generation. Gives none when it met a claim in the making: repeat it.
   */
  readonly record: Statement
  /** $1 to $10 as in record, $11 bytes. The row also says whether the blob was inserted, and what was there before. */
  readonly recordAndPut: Statement
  /**
   * Arrays: $1 to $10 as in record, each key of a ref once. Gives id, session, holder and generation of each intent
   * that was recorded.
   */
  readonly recordMany: Statement
  /**
   * Arrays: $1 to $10 as in recordMany, $11 the positions, from 1, at which the bytes of each begin in $12, which is
   * the bytes of all. The rows also have what recordAndPut gives.
   */
  readonly recordAndPutMany: Statement
}

const refColumns =
  'id, session_id, holder, long_holder, generation, byte_length, intent_at, media_type, width, height, label'

export function intentStatements(schema: string): IntentStatements {
  const contents = `"${schema}".attachment_generations`
  const refs = `"${schema}".attachment_holds`
  const blobs = `"${schema}".attachment_blobs`

  // A ref `r` that stays committed keeps its metadata. `i` is the intent.
  const renewal = (i: string) => {
    const stays = `r.committed_at IS NOT NULL AND r.released_at IS NULL AND r.generation = ${i}.generation`
    return `generation = ${i}.generation, intent_at = ${i}.intent_at, released_at = NULL,
          committed_at = CASE WHEN ${stays} THEN r.committed_at END,
          byte_length = CASE WHEN ${stays} THEN coalesce(r.byte_length, ${i}.byte_length) ELSE ${i}.byte_length END,
          media_type = CASE WHEN ${stays} THEN r.media_type ELSE ${i}.media_type END,
          width = CASE WHEN ${stays} THEN r.width ELSE ${i}.width END,
          height = CASE WHEN ${stays} THEN r.height ELSE ${i}.height END,
          label = CASE WHEN ${stays} THEN r.label ELSE ${i}.label END`
  }

  // Unclaimed content is only locked FOR SHARE, so that sessions with the same content do not wait for each other. All
  // other content is created, at the floor, or moved to the next generation. A tombstone may be purged before the
  // INSERT comes to it; then it is created too. When `held` waited for a row and then found it claimed, it has that row
  // locked; two statements that both went on to move it would wait for each other. So neither records anything, and the
  // statement is repeated.
  const record = `
      WITH held AS MATERIALIZED (
        SELECT generation FROM ${contents}
        WHERE id = $1::bytea AND claim IS NULL AND settled_at IS NULL
        FOR SHARE
      ), moved AS (
        INSERT INTO ${contents} AS c (id, generation)
        SELECT $1::bytea, (${lockedFloor(schema)})
        WHERE NOT EXISTS (SELECT FROM ${contents} WHERE id = $1::bytea AND claim IS NULL AND settled_at IS NULL)
        ON CONFLICT (id) DO UPDATE
        SET generation = c.generation + CASE WHEN c.claim IS NULL THEN 0 ELSE 1 END,
          claim = NULL, claimed_at = NULL, settled_at = NULL
        RETURNING generation
      ), current AS (
        SELECT generation FROM held UNION ALL SELECT generation FROM moved
      ), ref AS (
        INSERT INTO ${refs} AS r (${refColumns})
        SELECT $1::bytea, $2, $3, $4, generation, $5, $6, $7, $8, $9, $10 FROM current
        ON CONFLICT (session_id, holder, id) DO UPDATE
        SET ${renewal('excluded')}
        RETURNING generation
      )`

  // `floor` is locked before any content is: who holds a content never waits for the floor. `added` inserts the refs
  // that did not exist when this statement began, and may wait for another statement that inserts the same ref. So it
  // begins when all contents are held, and ends before `met` locks the refs that do exist: nobody waits for those while
  // `added` waits. Blobs are inserted after all refs.
  const recordMany = `
      WITH intent AS MATERIALIZED (
        SELECT *
        FROM unnest(
          $1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
          $7::text[], $8::integer[], $9::integer[], $10::text[]
        ) AS i (id, session_id, holder, long_holder, byte_length, intent_at, media_type, width, height, label)
      ), unknown AS MATERIALIZED (
        SELECT DISTINCT i.id FROM intent i
        WHERE NOT EXISTS (SELECT FROM ${contents} c WHERE c.id = i.id OFFSET 0)
      ), floor AS MATERIALIZED (
        SELECT (${lockedFloor(schema)}) AS generation WHERE EXISTS (SELECT FROM unknown)
      ), held AS MATERIALIZED (
        SELECT c.id, c.generation FROM ${contents} c
        WHERE c.id = ANY ($1::bytea[]) AND c.claim IS NULL AND c.settled_at IS NULL
          AND (SELECT pg_catalog.count(*) FROM floor) >= 0
        ORDER BY c.id
        FOR SHARE OF c SKIP LOCKED
      ), created AS (
        INSERT INTO ${contents} AS c (id, generation)
        SELECT id, (SELECT generation FROM floor) FROM unknown
        ORDER BY id
        ON CONFLICT (id) DO NOTHING
        RETURNING c.id, c.generation
      ), ready AS MATERIALIZED (
        SELECT i.*, current.generation
        FROM (SELECT id, generation FROM held UNION ALL SELECT id, generation FROM created) AS current
        JOIN intent i ON i.id = current.id
        ORDER BY i.id, i.session_id, i.holder
      ), added AS (
        INSERT INTO ${refs} AS r (${refColumns})
        SELECT ${refColumns}
        FROM ready i
        WHERE NOT EXISTS (
            SELECT FROM ${refs} r WHERE r.session_id = i.session_id AND r.holder = i.holder AND r.id = i.id OFFSET 0
          )
          AND (SELECT pg_catalog.count(*) FROM ready) > 0
        ORDER BY i.id, i.session_id, i.holder
        ON CONFLICT (session_id, holder, id) DO NOTHING
        RETURNING r.id, r.session_id, r.holder, r.generation
      ), met AS MATERIALIZED (
        SELECT i.*
        FROM ready i JOIN ${refs} r ON r.session_id = i.session_id AND r.holder = i.holder AND r.id = i.id
        WHERE (SELECT pg_catalog.count(*) FROM added) >= 0
        FOR NO KEY UPDATE OF r SKIP LOCKED
      ), renewed AS (
        UPDATE ${refs} r
        SET ${renewal('i')}
        FROM met i
        WHERE r.session_id = i.session_id AND r.holder = i.holder AND r.id = i.id
        RETURNING r.id, r.session_id, r.holder, r.generation
      ), ref AS MATERIALIZED (
        SELECT id, session_id, holder, generation FROM renewed
        UNION ALL
        SELECT id, session_id, holder, generation FROM added
      )`

  return {
    record: statement(`${record}
      SELECT generation FROM ref`),

    // While the content is held, nobody may delete the blob at its generation: what was there before is still there.
    recordAndPut: statement(`${record}, inserted AS (
        INSERT INTO ${blobs} (id, generation, byte_length, media_type, width, height, label, bytes)
        SELECT $1::bytea, generation, $5, $7, $8, $9, $10, $11 FROM ref
        ON CONFLICT (id, generation) DO NOTHING
        RETURNING true
      )
      SELECT ref.generation, EXISTS (SELECT FROM inserted) AS inserted,
        b.byte_length, b.media_type, b.width, b.height, b.label, pg_catalog.octet_length(b.bytes) AS stored_length
      FROM ref LEFT JOIN ${blobs} b ON b.id = $1::bytea AND b.generation = ref.generation`),

    recordMany: statement(`${recordMany}
      SELECT pg_catalog.encode(id, 'hex') AS id, session_id, holder, generation FROM ref`),

    recordAndPutMany: statement(`${recordMany}, body AS MATERIALIZED (
        SELECT id, session_id, holder, substring($12::bytea FROM start FOR byte_length::integer) AS bytes
        FROM unnest($1::bytea[], $2::text[], $3::text[], $5::bigint[], $11::integer[])
          AS b (id, session_id, holder, byte_length, start)
      ), inserted AS MATERIALIZED (
        INSERT INTO ${blobs} (id, generation, byte_length, media_type, width, height, label, bytes)
        SELECT ref.id, ref.generation, i.byte_length, i.media_type, i.width, i.height, i.label, body.bytes
        FROM ref
        JOIN intent i ON i.id = ref.id AND i.session_id = ref.session_id AND i.holder = ref.holder
        JOIN body ON body.id = ref.id AND body.session_id = ref.session_id AND body.holder = ref.holder
        WHERE (SELECT pg_catalog.count(*) FROM ref) > 0
        ORDER BY ref.id, ref.generation
        ON CONFLICT (id, generation) DO NOTHING
        RETURNING id, generation
      )
      SELECT pg_catalog.encode(ref.id, 'hex') AS id, ref.session_id, ref.holder, ref.generation,
        inserted.id IS NOT NULL AS inserted,
        b.byte_length, b.media_type, b.width, b.height, b.label, b.stored_length
      FROM ref
      LEFT JOIN inserted ON inserted.id = ref.id
      LEFT JOIN LATERAL (
        SELECT b.byte_length, b.media_type, b.width, b.height, b.label,
          pg_catalog.octet_length(b.bytes) AS stored_length
        FROM ${blobs} b
        WHERE b.id = ref.id AND b.generation = ref.generation AND inserted.id IS NULL
        OFFSET 0
      ) b ON true`),
  }
}
