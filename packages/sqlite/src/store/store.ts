import {
  type AttachmentSpoolOptions,
  PortableAttachmentStore,
  type PortableAttachmentStoreOptions,
} from '@lash/attachments-core'
import { placed, setDriver } from '@lash/attachments-core/backend'
import { openDatabase } from '../database/database.ts'
import type { SqliteDatabaseOptions } from '../database/options.ts'
import { type BlobProfile, compressionRule } from './blob-profile.ts'
import { SqliteAttachmentDriver } from './driver.ts'

export interface SqliteAttachmentStoreOptions extends SqliteDatabaseOptions, PortableAttachmentStoreOptions {
  /** What to compress. Default `balanced`. May differ from one opening of a file to the next. */
  blobProfile?: BlobProfile | undefined
  /** Where big streams wait until their id is known. Default: a nameless file in the system's temporary folder. */
  spool?: AttachmentSpoolOptions | undefined
}

/**
 * Attachments in an SQLite database. When `put` has resolved, the bytes survive a crash of the process and a power cut.
 * Any number of processes on one machine may use the file at the same time; not over a network file system.
 */
export class SqliteAttachmentStore extends PortableAttachmentStore {
  /**
   * Opens the database, and makes its tables when they are missing.
   * @param target the options, or `path` for short.
   * @throws AttachmentInvalidArgumentError, AttachmentSchemaError when the file is newer than this package or somebody
   * else's, AttachmentIoError when it cannot be opened or written, AttachmentBackendError when it stays locked.
   */
  constructor(target: string | SqliteAttachmentStoreOptions, options?: SqliteAttachmentStoreOptions) {
    const given = placed('path', target, options)
    super(openDriver(given), given)
    setDriver(this, this.driver)
  }
}

function openDriver(options: SqliteAttachmentStoreOptions): SqliteAttachmentDriver {
  const rule = compressionRule(options.blobProfile ?? 'balanced')
  return new SqliteAttachmentDriver(openDatabase(options), { rule, spool: options.spool })
}
