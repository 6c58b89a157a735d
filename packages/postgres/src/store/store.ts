import { PortableAttachmentStore, type PortableAttachmentStoreOptions } from '@lash/attachments-core'
import { Database } from '../database/database.ts'
import type { PostgresOptions } from '../options.ts'
import { PostgresDriver } from './driver.ts'

export interface PostgresStoreOptions extends PostgresOptions, PortableAttachmentStoreOptions {}

const drivers = new WeakMap<object, PostgresDriver>()

/** The driver of a store, for a manifest in the same tables; undefined when it is no store of this package. */
export function driverOf(store: object): PostgresDriver | undefined {
  return drivers.get(store)
}

/**
 * Attachments in tables of a PostgreSQL database. What `put` has stored is as durable as a commit of that server: with its default
 * settings it survives a power cut. Nothing is connected to before the first call.
 *
 * A small put is one statement. Bodies above 64 KiB are in rows of 256 KiB, so big ones stream in and out in bounded memory. An upload that
 * fails, is aborted or crashes leaves nothing, and two uploads of the same bytes become one: the second waits for the first.
 *
 * Failures of the server are `AttachmentBackendError` with its own error as `cause`, and the next call connects anew. When a
 * connection breaks during a put, the bytes may be stored although it rejected; putting them again is harmless.
 */
export class PostgresAttachmentStore extends PortableAttachmentStore {
  /** @throws AttachmentInvalidArgumentError when the options cannot be right. */
  constructor(options: PostgresStoreOptions) {
    const driver = new PostgresDriver(new Database(options), options.maxByteLength)
    super(driver, options)
    drivers.set(this, driver)
  }
}
