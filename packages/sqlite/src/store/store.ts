import { PortableAttachmentStore, type PortableAttachmentStoreOptions } from '@lash/attachments-core'
import { AttachmentDatabase, type SqliteDatabaseOptions } from '../database/database.ts'
import { type BlobProfile, compressionRule } from './blob-profile.ts'
import { SqliteAttachmentDriver } from './driver.ts'

export interface SqliteStoreOptions extends PortableAttachmentStoreOptions {
  /** What to compress. Default `balanced`. May differ from one opening of a file to the next. */
  blobProfile?: BlobProfile | undefined
}

export interface SqliteAttachmentStoreOptions extends SqliteStoreOptions, SqliteDatabaseOptions {}

/** The driver of each store, for the manifest that writes an intent and its bytes in one transaction. */
const drivers = new WeakMap<object, SqliteAttachmentDriver>()

/** The driver of a store of this package; undefined for any other. */
export function driverOf(store: object): SqliteAttachmentDriver | undefined {
  return drivers.get(store)
}

/**
 * Attachments in an SQLite database. When `put` has resolved, the bytes survive a crash of the process and a power cut. Any
 * number of processes on one machine may use the file at the same time; not over a network file system.
 */
export class SqliteAttachmentStore extends PortableAttachmentStore {
  /**
   * Opens the database, and makes its tables when they are missing.
   * @throws AttachmentInvalidArgumentError, AttachmentSchemaError when the file is newer than this package or somebody else's,
   * AttachmentIoError when it cannot be opened or written, AttachmentBackendError when it stays locked.
   */
  constructor(options: SqliteAttachmentStoreOptions)
  /** As a half of `openSqliteAttachments`. */
  constructor(options: SqliteStoreOptions & SharedDatabase)
  constructor(options: SqliteAttachmentStoreOptions | (SqliteStoreOptions & SharedDatabase)) {
    super(openDriver(options), options)
    drivers.set(this, this.driver as SqliteAttachmentDriver)
  }
}

function openDriver(
  options: SqliteAttachmentStoreOptions | (SqliteStoreOptions & SharedDatabase),
): SqliteAttachmentDriver {
  const rule = compressionRule(options.blobProfile ?? 'balanced')
  const database = 'shared' in options ? options.shared : new AttachmentDatabase(options)
  return new SqliteAttachmentDriver(database, rule)
}

/** How {@link openSqliteAttachments} gives both halves the same database. */
export interface SharedDatabase {
  shared: AttachmentDatabase
}
