import { PortableAttachmentStore, type PortableAttachmentStoreOptions } from '@lash/attachments-core'
import { MemoryDriver } from './driver.ts'

export type InMemoryAttachmentStoreOptions = PortableAttachmentStoreOptions

/**
 * Attachments in the memory of this process, lost with it: `persistence` is `ephemeral`. For tests, for development,
 * and for hosts that keep their own state in memory too. Bytes are copied when they come in and when they go out, so no
 * caller can change what is stored.
 *
 * Every body, even a stream, is held in memory whole. Set `maxByteLength` if bodies come from strangers.
 */
export class InMemoryAttachmentStore extends PortableAttachmentStore {
  constructor(options: InMemoryAttachmentStoreOptions = {}) {
    super(new MemoryDriver(), options)
  }
}
