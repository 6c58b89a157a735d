const schemaTable = `
  CREATE TABLE lash_attachments_schema (version INTEGER NOT NULL) STRICT;
  INSERT INTO lash_attachments_schema (version) VALUES (0);
`

const storeTables = `
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
`

const generationTables = `
  -- Content that was claimed or forgotten at some time. Nearly all content never has a row: then its refs say its
  -- generation, and content with neither is unknown.
  CREATE TABLE lash_attachment_generations (
    id BLOB PRIMARY KEY,
    generation INTEGER NOT NULL,
    claim TEXT,                     -- a sweeper's token; content under a claim has no refs
    claimed_at INTEGER,
    emptied_at INTEGER              -- since when it is a tombstone: no refs, no claim, only a generation to remember
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lash_attachment_generations_claimed ON lash_attachment_generations (claimed_at)
    WHERE claimed_at IS NOT NULL;
  CREATE INDEX lash_attachment_generations_emptied ON lash_attachment_generations (emptied_at)
    WHERE emptied_at IS NOT NULL;

  -- One row: the generation at which unknown content starts, not below that of any tombstone that was purged.
  CREATE TABLE lash_attachment_floor (generation INTEGER NOT NULL) STRICT;
  INSERT INTO lash_attachment_floor (generation) VALUES (0);
`

const holdTable = `
  -- The refs: who holds which content. Rows are in the order of their first intents.
  CREATE TABLE lash_attachment_holds (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    session_id TEXT NOT NULL,
    holder TEXT NOT NULL,
    generation INTEGER NOT NULL,
    byte_length INTEGER,            -- null: not known when the ref was migrated from schema version 1
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
`

const holdIndexes = `
  CREATE UNIQUE INDEX lash_attachment_holds_key ON lash_attachment_holds (id, session_id, holder);
  -- Within a holder in the order of the rows: a turn writes to one place on disk.
  CREATE INDEX lash_attachment_holds_session ON lash_attachment_holds (session_id, holder);
  -- Holds only what a sweep looks at, so that a sweep's cost depends on the orphans, not on the size of the table.
  CREATE INDEX lash_attachment_holds_loose ON lash_attachment_holds (loose_at) WHERE loose_at IS NOT NULL;
`

/** All tables as they are now. Store and manifest share one schema, so that either may open a file first. */
export const newestTables: string = schemaTable + storeTables + generationTables + holdTable + holdIndexes

/**
 * The statements that bring a database from each version to the next, from version 1 on. An entry is never changed once
 * it is published. The tables that an old process would give wrong answers from get new names: where it is still
 * running, it then fails. They are made and copied, not renamed: that would fail in a host's database with a broken
 * view.
 */
export const migrations: readonly string[] = [
  `
  ${generationTables}
  INSERT INTO lash_attachment_generations SELECT id, generation, claim, claimed_at, emptied_at
    FROM lash_attachment_contents;
  DROP TABLE lash_attachment_contents;

  ${holdTable}
  INSERT INTO lash_attachment_holds (number, id, session_id, holder, generation, byte_length, intent_at, committed_at,
    released_at, media_type, width, height, label)
  SELECT number, id, session_id, '', generation,
    -- Every copy of some content has the same length.
    (SELECT byte_length FROM lash_attachment_blobs AS blobs WHERE blobs.id = refs.id LIMIT 1),
    intent_at, committed_at, released_at, media_type, width, height, label
  FROM lash_attachment_refs AS refs ORDER BY number;
  DROP TABLE lash_attachment_refs;
  ${holdIndexes}
  `,
]

export const schemaVersion: number = 1 + migrations.length
