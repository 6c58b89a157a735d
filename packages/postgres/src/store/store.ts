import {
  type AttachmentSpoolOptions,
  PortableAttachmentStore,
  type PortableAttachmentStoreOptions,
} from '@lash/attachments-core'
import { placed, setDriver } from '@lash/attachments-core/backend'
import { Database } from '../database/database.ts'
import type { PostgresDatabaseOptions } from '../options.ts'
import { PostgresDriver } from './driver.ts'

export interface PostgresAttachmentStoreOptions extends PostgresDatabaseOptions, PortableAttachmentStoreOptions {
  /** Where big streams wait until their id is known. Default: a nameless file in the system's temporary folder. */
  spool?: AttachmentSpoolOptions | undefined
}

/**
 * Attachments in tables of a PostgreSQL database. A stored body is as durable as a commit of that server: with the
 * server's default settings it survives a power cut. Nothing is connected to before the first call.
 *
 * A small put is one statement. Bodies above 64 KiB are in rows of 256 KiB, so big ones stream in and out in bounded
 * memory. An upload that fails, is aborted or crashes leaves nothing. Two uploads of the same bytes become one: the
 * second waits for the first.
 *
 * Errors of the server are `AttachmentBackendError` with the server's error as `cause`, and the next call connects
 * anew. When a connection breaks during a put, the bytes may be stored although the put rejected; to put them again is
 * harmless.
 */
export class PostgresAttachmentStore extends PortableAttachmentStore {
  /**
   * @param target the options, or `connectionString` for short.
   * @throws AttachmentInvalidArgumentError
   */
  constructor(target: string | PostgresAttachmentStoreOptions, options?: PostgresAttachmentStoreOptions) {
    const given = placed('connectionString', target, options)
    const driver = new PostgresDriver(new Database(given), given)
    super(driver, given)
    setDriver(this, driver)
  }
}
