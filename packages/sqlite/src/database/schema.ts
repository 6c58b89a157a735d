import { AttachmentSchemaError } from '@lash/attachments-core'
import type { Database } from 'better-sqlite3'
import { prepare } from './connection.ts'
import { migrations, newestTables, schemaVersion } from './migrations.ts'
import { isBusy, pause } from './sqlite-error.ts'

/** `LASH` in ASCII: the `application_id` of a file of ours, for `file(1)` and for {@link prepareSchema}. */
export const applicationId = 0x4c415348

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
  // In one transaction, which sees all or nothing of what another process is just making.
  const found = database.transaction(() => inspect(database, options))()
  // A host's file with our tables in it keeps the host's journal mode, even when it is opened by its path.
  const ours = options.owned && (found === 0 || isStamped(database))
  if (ours && !database.memory && !database.readonly) enterWal(database, found === 0, options)
  if (found === schemaVersion) return
  database
    .transaction(() => {
      // Another process may have migrated it while this one waited for the lock.
      const version = inspect(database, options)
      if (version === schemaVersion) return
      if (version === 0 && options.owned) database.pragma(`application_id = ${applicationId}`)
      if (version === 0) database.exec(newestTables)
      else for (const migration of migrations.slice(version - 1)) database.exec(migration)
      prepare(database, 'UPDATE lash_attachments_schema SET version = ?').run(schemaVersion)
      if (isStamped(database)) database.pragma(`user_version = ${schemaVersion}`)
    })
    .immediate()
}

/** The version of our schema in the database; 0 when there is none. */
function inspect(database: Database, { owned, path }: SchemaOptions): number {
  const version = versionOf(database)
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

/**
 * For a statement that has not found a table of ours: the error that says so when a newer version of this package has
 * migrated the database since this process opened it.
 */
export function newerSchemaError(database: Database, path: string, cause: unknown): AttachmentSchemaError | undefined {
  const version = versionOf(database)
  if (version <= schemaVersion) return undefined
  return new AttachmentSchemaError(
    `${path} was migrated to attachment schema version ${version} by a newer @lash/attachments-sqlite ` +
      `while this process had it open, and this one knows versions up to ${schemaVersion}; update this process`,
    { cause },
  )
}

function versionOf(database: Database): number {
  return Math.max(tableVersion(database), isStamped(database) ? simplePragma(database, 'user_version') : 0)
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
