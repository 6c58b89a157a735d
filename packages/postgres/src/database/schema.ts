import { AttachmentInvalidArgumentError, AttachmentSchemaError } from '@lash/attachments-core'
import type { ClientBase } from 'pg'
import { codeOf, missingSchema } from './postgres-error.ts'
import { textOnly } from './result-parsers.ts'

export const defaultSchema = 'lash_attachments'
/** The version of the schema that this version of the package reads and writes. */
export const schemaVersion = 2
/** Rows of the table of the floor. Part of the schema. */
export const floorStripes = 32

/**
 * Checks the name of a schema. It goes into statements as it is, so a name that would need quoting is refused.
 * @throws AttachmentInvalidArgumentError
 */
export function checkSchema(schema: unknown): string {
  if (typeof schema === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(schema) && !schema.startsWith('pg_')) return schema
  throw new AttachmentInvalidArgumentError(
    'schema must be 1 to 63 of a-z, 0-9 and _, not beginning with a digit or with pg_',
  )
}

/** The SQL that each version adds to the one before. Never change one that was published. */
function migrations(schema: string): readonly string[] {
  return [
    `
CREATE TABLE "${schema}".attachment_schema (
  version integer NOT NULL,
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);

-- One row for each content: the generation of its next put, and who may delete the bytes of that generation.
-- A row under a claim has no refs. settled_at is set while there are neither refs nor a claim: then the row
-- is a tombstone.
CREATE TABLE "${schema}".attachment_contents (
  id bytea PRIMARY KEY,
  generation bigint NOT NULL DEFAULT 0,
  claim text,
  claimed_at bigint,
  settled_at bigint
);
CREATE INDEX attachment_contents_claimed ON "${schema}".attachment_contents (claimed_at) WHERE claim IS NOT NULL;
CREATE INDEX attachment_contents_settled ON "${schema}".attachment_contents (settled_at) WHERE settled_at IS NOT NULL;

-- One row for each session that holds a content. Times are milliseconds since 1970.
CREATE TABLE "${schema}".attachment_refs (
  id bytea NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  intent_at bigint NOT NULL,
  committed_at bigint,
  released_at bigint,
  media_type text,
  width integer,
  height integer,
  label text,
  PRIMARY KEY (id, session_id)
);
CREATE INDEX attachment_refs_session ON "${schema}".attachment_refs (session_id, id);
-- The loose refs, the oldest first, which is all that a sweep looks at. Its cost does not grow with committed refs.
CREATE INDEX attachment_refs_loose ON "${schema}".attachment_refs ((coalesce(released_at, intent_at)), id)
  WHERE committed_at IS NULL OR released_at IS NOT NULL;

-- One row for each copy of some bytes. Small ones are in the row; bytes is null where they are in chunks.
CREATE TABLE "${schema}".attachment_blobs (
  id bytea NOT NULL,
  generation bigint NOT NULL,
  byte_length bigint NOT NULL,
  media_type text NOT NULL,
  width integer,
  height integer,
  label text,
  stored_at timestamptz NOT NULL DEFAULT now(),
  bytes bytea,
  PRIMARY KEY (id, generation)
);
-- The bytes of bigger copies, 256 KiB to a row.
CREATE TABLE "${schema}".attachment_chunks (
  id bytea NOT NULL,
  generation bigint NOT NULL,
  seq integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (id, generation, seq),
  FOREIGN KEY (id, generation) REFERENCES "${schema}".attachment_blobs ON DELETE CASCADE
);

INSERT INTO "${schema}".attachment_schema (version) VALUES (1);`,

    `
-- Version 2: a ref belongs to a holder within its session, and knows the length of its bytes. The tables have
-- new names: a process that knows only version 1 gets an error, and not a wrong answer.
ALTER TABLE "${schema}".attachment_contents RENAME TO attachment_generations;
ALTER INDEX "${schema}".attachment_contents_pkey RENAME TO attachment_generations_pkey;
ALTER INDEX "${schema}".attachment_contents_claimed RENAME TO attachment_generations_claimed;
ALTER INDEX "${schema}".attachment_contents_settled RENAME TO attachment_generations_settled;

-- One row for each holder in a session that holds a content. A holder of more than 256 bytes is in long_holder,
-- and holder has its beginning and its digest: an index row has no room for more. byte_length is null where
-- version 1 did not know it.
ALTER TABLE "${schema}".attachment_refs RENAME TO attachment_holds;
ALTER INDEX "${schema}".attachment_refs_loose RENAME TO attachment_holds_loose;
ALTER TABLE "${schema}".attachment_holds
  ADD COLUMN holder text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN long_holder text,
  ADD COLUMN byte_length bigint;
UPDATE "${schema}".attachment_holds h SET byte_length = b.byte_length
  FROM "${schema}".attachment_blobs b
  WHERE b.id = h.id;
-- The refs of a content; and of a session to a content, the one first that a lookup without a holder gives.
CREATE INDEX attachment_holds_content ON "${schema}".attachment_holds (
  id, session_id, (CASE WHEN released_at IS NOT NULL THEN 2 WHEN committed_at IS NULL THEN 1 ELSE 0 END), intent_at
);
DROP INDEX "${schema}".attachment_refs_session;
ALTER TABLE "${schema}".attachment_holds
  DROP CONSTRAINT attachment_refs_pkey,
  ADD CONSTRAINT attachment_holds_pkey PRIMARY KEY (session_id, holder, id);

-- The floor: content that is not known starts at this generation. It is above every generation of a content whose
-- row was purged. All rows say the same. A statement that adds a content locks one of them, a purge all of them.
CREATE TABLE "${schema}".attachment_floor (
  stripe integer PRIMARY KEY,
  generation bigint NOT NULL
);
INSERT INTO "${schema}".attachment_floor
  SELECT stripe, 0 FROM pg_catalog.generate_series(0, ${floorStripes - 1}) AS stripe;

UPDATE "${schema}".attachment_schema SET version = 2;`,
  ]
}

/**
 * The SQL that brings a schema from a version to the one that this package needs, for administrators who run migrations
 * themselves. Run it in one transaction.
 * @param from - the installed version; 0, the default, when there is none.
 * @throws AttachmentInvalidArgumentError
 */
export function migrationSql(schema: string = defaultSchema, from = 0): string {
  const name = checkSchema(schema)
  if (!Number.isInteger(from) || from < 0 || from > schemaVersion) {
    throw new AttachmentInvalidArgumentError(`from must be a whole number from 0 to ${schemaVersion}`)
  }
  const create = from === 0 ? [`CREATE SCHEMA IF NOT EXISTS "${name}";`] : []
  const steps = migrations(name).slice(from)
  return [...create, ...steps].map(sql => `${sql.trim()}\n`).join('')
}

/** The installed version of the schema; 0 when there is none. */
export async function installedVersion(client: ClientBase, schema: string): Promise<number> {
  try {
    const text = `SELECT version::text FROM "${schema}".attachment_schema`
    const { rows } = await client.query<{ version: string }>({ text, types: textOnly })
    return Number(rows[0]?.version ?? 0)
  } catch (error) {
    if (codeOf(error) === '42P01' || codeOf(error) === '3F000') return 0
    throw error
  }
}

interface Presence {
  /** Whether a schema of that name exists. */
  created: boolean
  /** Whether our tables are in it. */
  present: boolean
}

/**
 * Reads the tables of the catalog, which are up to date: to_regclass may repeat an older "not there" from a cache of
 * the server. To read a missing table would abort the transaction.
 */
async function presence(client: ClientBase, schema: string): Promise<Presence> {
  const text = `
    SELECT EXISTS (
      SELECT FROM pg_catalog.pg_class WHERE relnamespace = n.oid AND relname = 'attachment_schema'
    )::text AS present
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname = $1`
  const { rows } = await client.query<{ present: string }>({ text, values: [schema], types: textOnly })
  return { created: rows.length > 0, present: rows[0]?.present === 'true' }
}

/** As {@link installedVersion}, within a transaction of a host: raises no SQL error, which would abort it. */
export async function versionWithin(client: ClientBase, schema: string): Promise<number> {
  return (await presence(client, schema)).present ? installedVersion(client, schema) : 0
}

/**
 * Checks that no row is hidden, such as a ref of a content from a claim.
 * @throws AttachmentSchemaError when row level security may hide rows from the role of the connection.
 */
export async function checkSeesAll(client: ClientBase, schema: string): Promise<void> {
  const text = `
    SELECT c.relname::text AS table
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1
      AND c.relname IN (
        'attachment_generations', 'attachment_holds', 'attachment_floor', 'attachment_blobs', 'attachment_chunks'
      )
      AND pg_catalog.row_security_active(c.oid)`
  const { rows } = await client.query<{ table: string }>({ text, values: [schema], types: textOnly })
  if (rows.length === 0) return
  const tables = rows.map(({ table }) => table).join(', ')
  throw new AttachmentSchemaError(
    `row level security of ${tables} in schema "${schema}" may hide rows from this role, ` +
      'and a sweep would take what it cannot see; disable it there, or give the role BYPASSRLS',
  )
}

/** @throws AttachmentSchemaError when the version is not the one that this package needs. */
export function checkVersion(version: number, schema: string): void {
  if (version > schemaVersion) {
    throw new AttachmentSchemaError(
      `schema "${schema}" has version ${version}, and this package knows ${schemaVersion}: ` +
        'use a newer @lash/attachments-postgres',
    )
  }
  if (version === 0) throw missingSchema(schema)
  if (version < schemaVersion) {
    throw new AttachmentSchemaError(
      `schema "${schema}" has version ${version}, and this package needs ${schemaVersion}: ` +
        'a call outside of your transactions brings it up to date if you leave out `migrate: false`; ' +
        `or run the SQL that migrationSql('${schema}', ${version}) gives`,
    )
  }
}

/**
 * Creates the schema or brings it up to date. Of many processes at once, one does it; the others wait and find it done.
 */
export async function migrate(client: ClientBase, schema: string): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL search_path = pg_catalog')
  try {
    // A lock of the transaction, so that the death of this process frees it.
    const lock = "SELECT pg_advisory_xact_lock(hashtextextended('@lash/attachments ' || $1, 0))::text"
    await client.query({ text: lock, values: [schema], types: textOnly })
    const { created, present } = await presence(client, schema)
    const version = present ? await installedVersion(client, schema) : 0
    if (version < schemaVersion) {
      // Only where it is missing: CREATE SCHEMA IF NOT EXISTS needs the right to create even when there is nothing to
      // do.
      if (!created) await client.query(`CREATE SCHEMA "${schema}"`)
      for (const sql of migrations(schema).slice(version)) await client.query(sql)
    }
    await client.query('COMMIT')
    checkVersion(Math.max(version, schemaVersion), schema)
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    if (codeOf(error) !== '42P07') throw error
    throw new AttachmentSchemaError(
      `schema "${schema}" has tables of these names that are not ours; ` +
        `choose another schema: ${(error as Error).message}`,
      { cause: error },
    )
  }
}
