import {
  AttachmentInvalidArgumentError,
  type AttachmentSpoolOptions,
  type AttachmentStorePersistence,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import type { Adapter } from 'files-sdk'
import { FilesSdkDriver } from './driver.ts'
import { ObjectNames } from './object-names.ts'
import { usualPersistence } from './usual-persistence.ts'

export interface FilesSdkAttachmentStoreOptions {
  /** Any adapter of files-sdk, such as `s3({ bucket })`, or one of yours. `close()` leaves it as it is. */
  adapter: Adapter
  /** The beginning of all keys, taken as it is: end it with a slash. At most 800 bytes. Default: nothing. */
  prefix?: string | undefined
  /**
   * What a resolved put survives. Default: `ephemeral` for the adapter `memory`; `crash-safe` for `fs`, `ftp`, `sftp`
   * and `webdav`, which do not ask for a sync; `durable` for all others, whose services answer when they have stored an
   * object. Give it for an adapter of your own.
   */
  persistence?: AttachmentStorePersistence | undefined
  /** Largest body that `put` takes, in bytes. Default: the limit of the service, less 8 KiB. */
  maxByteLength?: number | undefined
  /** Where big streams wait until their id is known. Default: a nameless file in the system's temporary folder. */
  spool?: AttachmentSpoolOptions | undefined
}

/**
 * Attachments as objects of any service that files-sdk has an adapter for. One object per blob, named
 * `<prefix><id>`, holds the metadata and the bytes, so that what the service does for one object holds for a blob.
 *
 * What is guaranteed beyond that depends on the service: see the table in the README.
 */
export class FilesSdkAttachmentStore extends PortableAttachmentStore {
  /**
   * Connects to nothing.
   * @throws AttachmentInvalidArgumentError
   */
  constructor(options: FilesSdkAttachmentStoreOptions) {
    const { adapter, prefix, persistence, maxByteLength, spool } = checked(options)
    const driver = new FilesSdkDriver({
      adapter,
      names: new ObjectNames(prefix ?? ''),
      persistence: persistence ?? usualPersistence(adapter.name),
      spool,
    })
    super(driver, { maxByteLength })
  }
}

const persistences: ReadonlySet<unknown> = new Set<AttachmentStorePersistence>(['ephemeral', 'crash-safe', 'durable'])

function checked(options: FilesSdkAttachmentStoreOptions): FilesSdkAttachmentStoreOptions {
  const { adapter, persistence } = options ?? {}
  // What a `Files` object adds, such as encryption, may change bytes and lengths.
  if (typeof adapter?.upload !== 'function' || typeof adapter.name !== 'string' || 'adapter' in adapter) {
    throw new AttachmentInvalidArgumentError(
      'adapter must be an adapter of files-sdk, such as s3({ bucket }); of a Files object, give its adapter',
    )
  }
  if (persistence !== undefined && !persistences.has(persistence)) {
    throw new AttachmentInvalidArgumentError("persistence must be 'ephemeral', 'crash-safe' or 'durable'")
  }
  return options
}
