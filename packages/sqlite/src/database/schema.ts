import { AttachmentSchemaError } from '@lash/attachments-core'
import type { Database } from 'better-sqlite3'
import { prepare } from './connection.ts'
import { isBusy, pause } from './sqlite-error.ts'

/** `LASH` in ASCII: the `application_id` of a file of ours, for `file(1)` and for {@link prepareSchema}. */
export const applicationId = 0x4c415348

/**
 * The statements that bring a database from each version to the next; the first entry makes version 1 out of nothing.
 * Store and manifest share one schema, so that either may open a file first. An entry is never changed once it is
 * published.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE lash_attachments_schema (version INTEGER NOT NULL) STRICT;
  INSERT INTO lash_attachments_schema (version) VALUES (0);

  -- One row for each copy of some content, always a whole one. Its bytes are here, or in the chunks of an upload.
  -- The bytes come last, so that SQLite reads the other columns without them.
  CREATE TABLE lash_attachment_blobs (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,               -- SHA-256, 32 bytes
    generation INTEGER NOT NULL,
    byte_length INTEGER NOT NULL,   -- as put
    stored_length INTEGER NOT NULL, -- as stored, perhaps compressed
    stored_at INTEGER NOT NULL,     -- milliseconds since 1970
    media_type TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    label TEXT,
    upload INTEGER,                 -- whose chunks hold the bytes; null when they are here
    chunk_bytes INTEGER,            -- bytes as put in each chunk but the last
    encoding INTEGER NOT NULL,      -- 0: as put, 1: zlib
    bytes BLOB
  ) STRICT;
  CREATE UNIQUE INDEX lash_attachment_blobs_key ON lash_attachment_blobs (id, generation);

  -- Uploads that no blob owns: in progress, left by a writer that died, or waiting to be deleted.
  -- AUTOINCREMENT: no number is used twice, so a writer that wakes up late finds its own upload or none.
  CREATE TABLE lash_attachment_uploads (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    touched_at INTEGER NOT NULL     -- milliseconds since 1970; 0: to be deleted now
  ) STRICT;

  CREATE TABLE lash_attachment_chunks (
    upload INTEGER NOT NULL,
    position INTEGER NOT NULL,      -- 0, 1, 2, ...
    encoding INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (upload, position)
  ) STRICT;

  -- Content that is not at generation 0, or is under a claim, or is a tombstone. Nearly all content never has a row.
  CREATE TABLE lash_attachment_contents (
    id BLOB PRIMARY KEY,
    generation INTEGER NOT NULL,
    claim TEXT,                     -- a sweeper's token; content under a claim has no refs
    claimed_at INTEGER,
    emptied_at INTEGER              -- since when it is a tombstone: no refs, no claim, only a generation to remember
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lash_attachment_contents_claimed ON lash_attachment_contents (claimed_at) WHERE claimed_at IS NOT NULL;
  CREATE INDEX lash_attachment_contents_emptied ON lash_attachment_contents (emptied_at) WHERE emptied_at IS NOT NULL;

  -- Rows are in the order of their first intents, and so is the index by session: a turn writes to one place on disk.
  CREATE TABLE lash_attachment_refs (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    session_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    intent_at INTEGER NOT NULL,
    committed_at INTEGER,
    released_at INTEGER,
    media_type TEXT,                -- null: the intent came without metadata
    width INTEGER,
    height INTEGER,
    label TEXT,
    -- Since when only its age protects the ref from a sweep; null while it is committed.
    loose_at INTEGER AS (
      CASE WHEN released_at IS NOT NULL THEN released_at WHEN committed_at IS NULL THEN intent_at END
    ) VIRTUAL
  ) STRICT;
  CREATE UNIQUE INDEX lash_attachment_refs_key ON lash_attachment_refs (id, session_id);
  CREATE INDEX lash_attachment_refs_session ON lash_attachment_refs (session_id);
  -- Holds only what a sweep looks at, so that a sweep's cost depends on the orphans, not on the size of the table.
  CREATE INDEX lash_attachment_refs_loose ON lash_attachment_refs (loose_at) WHERE loose_at IS NOT NULL;
  `,
]

export const schemaVersion: number = migrations.length

export interface SchemaOptions {
  /** Whether the file is ours alone, and not a host's database in which our tables are guests. */
  owned: boolean
  /** For messages. */
  path: string
  /** How long to wait for the file's locks. */
  busyTimeoutMs: number
}

/**
 * Makes sure that the database has our tables at our version. Any number of processes may do so at once.
 *
 * A file of ours is stamped: it has the version in `user_version` too, and tells in `application_id` that it is ours.
 * In a host's database both belong to the host, and only our table counts.
 * @throws AttachmentSchemaError when the schema is newer than this package, or the file is somebody else's.
 */
export function prepareSchema(database: Database, options: SchemaOptions): void {
  const found = inspect(database, options)
  // A host's file with our tables in it keeps the host's journal mode, even when it is opened by its path.
  const ours = options.owned && (found === 0 || isStamped(database))
  if (ours && !database.memory && !database.readonly) enterWal(database, found === 0, options)
  if (found === schemaVersion) return
  database
    .transaction(() => {
      // Another process may have migrated it while this one waited for the lock.
      for (let version = inspect(database, options); version < schemaVersion; version++) {
        if (version === 0 && options.owned) database.pragma(`application_id = ${applicationId}`)
        database.exec(migrations[version] as string)
        prepare(database, 'UPDATE lash_attachments_schema SET version = ?').run(version + 1)
        if (isStamped(database)) database.pragma(`user_version = ${version + 1}`)
      }
    })
    .immediate()
}

/** The version of our schema in the database; 0 when there is none. */
function inspect(database: Database, { owned, path }: SchemaOptions): number {
  const version = Math.max(tableVersion(database), isStamped(database) ? simplePragma(database, 'user_version') : 0)
  if (version > schemaVersion) {
    throw new AttachmentSchemaError(
      `${path} has attachment schema version ${version}, ` +
        `and this @lash/attachments-sqlite knows versions up to ${schemaVersion}; install a newer one`,
    )
  }
  if (version === 0 && owned && !isEmpty(database)) {
    throw new AttachmentSchemaError(
      `${path} is a database of another application; ` +
        'give a path of its own, or pass your open handle as { database } to keep attachments beside your tables',
    )
  }
  if (version > 0 && tableVersion(database) === 0) {
    throw new AttachmentSchemaError(
      `${path} says that it holds attachments and has no such tables; restore it from a backup`,
    )
  }
  return version
}

function tableVersion(database: Database): number {
  const table = prepare(database, "SELECT 1 FROM sqlite_schema WHERE name = 'lash_attachments_schema'").get()
  if (table === undefined) return 0
  const version = prepare(database, 'SELECT max(version) FROM lash_attachments_schema').pluck().get()
  return typeof version === 'number' ? version : 0
}

function isStamped(database: Database): boolean {
  return simplePragma(database, 'application_id') === applicationId
}

function isEmpty(database: Database): boolean {
  const objects = prepare(database, 'SELECT count(*) FROM sqlite_schema').pluck().get()
  return objects === 0 && simplePragma(database, 'application_id') === 0 && simplePragma(database, 'user_version') === 0
}

function simplePragma(database: Database, name: string): unknown & number {
  return prepare(database, `PRAGMA ${name}`).pluck().get() as number
}

/** Switching to WAL needs exclusive access for a moment and, unlike other statements, does not wait for it. */
function enterWal(database: Database, fresh: boolean, { busyTimeoutMs }: SchemaOptions): void {
  const deadline = Date.now() + busyTimeoutMs
  for (;;) {
    try {
      // Big blobs want big pages, an index of a million random digests small ones: 8 KiB costs either little. No effect
      // once there is a table.
      if (fresh) database.pragma('page_size = 8192')
      database.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw error
      pause(5)
    }
  }
}
