import type { AttachmentKey } from '@lash/attachments-core'
import { byteaOf, type Statement, statement } from '../database/statement.ts'

/** Bytes in a chunk row. Part of the schema: a range is found by it. */
export const chunkBytes: number = 256 * 1024
/**
 * Largest body in a row of a result, where it comes as text of twice its size. From about here on, one more round trip
 * for a COPY is faster.
 */
const maxResultBytes = 32 * 1024

export interface BlobStatements {
  /**
   * $1 id, $2 generation, $3 length, $4 to $7 metadata, $8 bytes. Gives no row when the blob was inserted, and
   * otherwise what was there before.
   */
  readonly insertSmall: Statement
  /** insertSmall without telling what was there before. Changes nothing when the blob is there. */
  readonly insertNewSmall: Statement
  /**
   * insertSmall for many blobs, each key once. Arrays: $1 ids, $2 generations, $3 lengths, $4 to $7 metadata, $8 the
   * positions, from 1, at which the bytes of each begin in $9, which is the bytes of all. Gives id, generation and what
   * was there before of each blob that was not inserted.
   */
  readonly insertManySmall: Statement
  /** $1 to $8 as in insertSmall. The server cuts the bytes into chunks. Changes nothing when the blob is there. */
  readonly insertChunked: Statement
  /** $1 id, $2 generation, $3 length, $4 to $7 metadata. The chunks follow. Changes nothing when the blob is there. */
  readonly insertHead: Statement
  /** $1 id, $2 generation. */
  readonly stat: Statement
  /** $1 id, $2 generation. Gives the row, whether the bytes are in it, and the bytes when they are few. */
  readonly read: Statement
  /** read for many blobs. Arrays: $1 ids, $2 generations. Gives the index of each that is there with its row. */
  readonly readMany: Statement
  /** $1 id, $2 generation. */
  readonly lock: Statement
  /** $1 id, $2 generation. */
  readonly dropChunks: Statement
  /** $1 to $7 as in insertHead, for a blob that is there. */
  readonly replaceHead: Statement
  /** $1 ids, $2 generations. */
  readonly remove: Statement
  /** $1 id and $2 generation of the last blob seen, $3 last id wanted. */
  readonly list: Statement
  copyChunksIn(): string
  // COPY takes no parameters. Ids are checked to be hex digits, and numbers to be whole, before they get here.
  /** Gives the bytes that are in the row. */
  copyBytesOut(key: AttachmentKey): string
  /**
   * Gives, for each key that is there, its index, length, metadata, whether the bytes are in the row, and the bytes if
   * so.
   */
  copyRowsOut(keys: readonly AttachmentKey[]): string
  /** Gives the bytes of the chunks with the numbers from first to last. */
  copyChunksOut(key: AttachmentKey, first: number, last: number): string
}

/** Blobs in a page of a listing. */
export const listPage = 1000

/** Values for $1 and $2 of a statement about one copy. */
export function keyValues({ id, generation }: AttachmentKey): [id: string, generation: number] {
  return [byteaOf(id), generation]
}

export function blobStatements(schema: string): BlobStatements {
  const blobs = `"${schema}".attachment_blobs`
  const chunks = `"${schema}".attachment_chunks`
  const insertNewSmall = `
        INSERT INTO ${blobs} (id, generation, byte_length, media_type, width, height, label, bytes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id, generation) DO NOTHING`
  return {
    insertSmall: statement(`
      WITH inserted AS (${insertNewSmall}
        RETURNING true
      )
      SELECT b.byte_length, b.media_type, b.width, b.height, b.label, pg_catalog.octet_length(b.bytes) AS stored_length
      FROM (SELECT WHERE NOT EXISTS (SELECT FROM inserted)) AS met
      LEFT JOIN ${blobs} b ON b.id = $1 AND b.generation = $2`),

    insertNewSmall: statement(insertNewSmall),

    // Blobs are looked up one by one, by key: a plan made while the table was small must not read all of it later.
    insertManySmall: statement(`
      WITH member AS MATERIALIZED (
        SELECT id, generation, byte_length, media_type, width, height, label,
          substring($9::bytea FROM start FOR byte_length) AS bytes
        FROM unnest(
          $1::bytea[], $2::bigint[], $3::integer[],
          $4::text[], $5::integer[], $6::integer[], $7::text[],
          $8::integer[]
        ) AS m (id, generation, byte_length, media_type, width, height, label, start)
      ), inserted AS MATERIALIZED (
        INSERT INTO ${blobs} (id, generation, byte_length, media_type, width, height, label, bytes)
        SELECT * FROM member ORDER BY id, generation
        ON CONFLICT (id, generation) DO NOTHING
        RETURNING id, generation
      )
      SELECT pg_catalog.encode(m.id, 'hex') AS id, m.generation, b.*
      FROM member m
      LEFT JOIN LATERAL (
        SELECT b.byte_length, b.media_type, b.width, b.height, b.label,
          pg_catalog.octet_length(b.bytes) AS stored_length
        FROM ${blobs} b
        WHERE b.id = m.id AND b.generation = m.generation
        OFFSET 0
      ) b ON true
      WHERE (m.id, m.generation) NOT IN (SELECT id, generation FROM inserted)`),

    insertChunked: statement(`
      WITH head AS (
        INSERT INTO ${blobs} (id, generation, byte_length, media_type, width, height, label)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id, generation) DO NOTHING
        RETURNING id, generation, byte_length
      )
      INSERT INTO ${chunks} (id, generation, seq, bytes)
      SELECT id, generation, seq, substring($8::bytea FROM seq * ${chunkBytes} + 1 FOR ${chunkBytes})
      FROM head, pg_catalog.generate_series(0, ((byte_length - 1) / ${chunkBytes})::integer) AS seq`),

    insertHead: statement(`
      INSERT INTO ${blobs} (id, generation, byte_length, media_type, width, height, label)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
      ON CONFLICT (id, generation) DO NOTHING`),

    stat: statement(`
      SELECT byte_length, media_type, width, height, label,
        coalesce(
          pg_catalog.octet_length(b.bytes),
          (
            SELECT pg_catalog.sum(pg_catalog.octet_length(c.bytes))
            FROM ${chunks} c
            WHERE c.id = b.id AND c.generation = b.generation
          ),
          0
        ) AS stored_length
      FROM ${blobs} b
      WHERE id = $1 AND generation = $2`),

    read: statement(`
      SELECT byte_length, media_type, width, height, label, bytes IS NOT NULL AS in_row,
        CASE WHEN pg_catalog.octet_length(bytes) <= ${maxResultBytes} THEN bytes END AS bytes
      FROM ${blobs}
      WHERE id = $1 AND generation = $2`),

    readMany: statement(`
      SELECT (key.index - 1)::integer AS index, b.*
      FROM unnest((SELECT $1::bytea[]), (SELECT $2::bigint[])) WITH ORDINALITY AS key (id, generation, index)
      CROSS JOIN LATERAL (
        SELECT byte_length, media_type, width, height, label, bytes IS NOT NULL AS in_row,
          CASE WHEN pg_catalog.octet_length(bytes) <= ${maxResultBytes} THEN bytes END AS bytes
        FROM ${blobs} b
        WHERE b.id = key.id AND b.generation = key.generation
        OFFSET 0
      ) b`),

    lock: statement(`SELECT FROM ${blobs} WHERE id = $1 AND generation = $2 FOR UPDATE`),

    dropChunks: statement(`DELETE FROM ${chunks} WHERE id = $1 AND generation = $2`),

    replaceHead: statement(`
      UPDATE ${blobs}
      SET byte_length = $3, media_type = $4, width = $5, height = $6, label = $7,
        stored_at = pg_catalog.now(), bytes = NULL
      WHERE id = $1 AND generation = $2`),

    // The foreign key removes the chunks. A DELETE of chunks would not see those of a writer for which it had waited.
    remove: statement(`
      WITH doomed AS MATERIALIZED (
        SELECT b.id, b.generation
        FROM ${blobs} b
        JOIN unnest((SELECT $1::bytea[]), (SELECT $2::bigint[])) AS key (id, generation)
          ON b.id = key.id AND b.generation = key.generation
        ORDER BY b.id, b.generation
        FOR UPDATE OF b
      )
      DELETE FROM ${blobs} b USING doomed d WHERE b.id = d.id AND b.generation = d.generation`),

    list: statement(`
      SELECT pg_catalog.encode(b.id, 'hex') AS id, b.generation, b.byte_length,
        pg_catalog.floor(extract(epoch FROM b.stored_at)::numeric * 1000::numeric)::bigint AS stored_at
      FROM ${blobs} b
      WHERE (b.id, b.generation) > ($1, $2) AND b.id <= $3
      ORDER BY b.id, b.generation
      LIMIT ${listPage}`),

    copyChunksIn: () => `COPY ${chunks} (id, generation, seq, bytes) FROM STDIN (FORMAT binary)`,

    copyBytesOut: key =>
      `COPY (SELECT bytes FROM ${blobs} WHERE ${isKey(key)} AND bytes IS NOT NULL) TO STDOUT (FORMAT binary)`,

    copyRowsOut: keys =>
      `COPY (
        SELECT key.index, b.*
        FROM (VALUES ${keys.map(keyRow).join(', ')}) AS key (index, id, generation)
        CROSS JOIN LATERAL (
          SELECT byte_length, media_type, width, height, label, bytes IS NOT NULL, bytes
          FROM ${blobs} b
          WHERE b.id = key.id AND b.generation = key.generation
          OFFSET 0
        ) b
      ) TO STDOUT (FORMAT binary)`,

    copyChunksOut: (key, first, last) =>
      `COPY (
        SELECT bytes FROM ${chunks} WHERE ${isKey(key)} AND seq BETWEEN ${first} AND ${last} ORDER BY seq
      ) TO STDOUT (FORMAT binary)`,
  }
}

function isKey({ id, generation }: AttachmentKey): string {
  return `id = pg_catalog.decode('${id}', 'hex') AND generation = ${generation}`
}

function keyRow({ id, generation }: AttachmentKey, index: number): string {
  return `(${index}, pg_catalog.decode('${id}', 'hex'), ${generation}::bigint)`
}
