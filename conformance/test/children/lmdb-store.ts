import { LmdbAttachmentStore, type LmdbAttachmentStoreOptions } from '@lash/attachments-lmdb'

/** In a child process, opens the store of the lmdb harness. */
export function open(options: LmdbAttachmentStoreOptions): LmdbAttachmentStore {
  return new LmdbAttachmentStore(options)
}
