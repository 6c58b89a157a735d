import { FileAttachmentStore } from '@lash/attachments-fs'

/** Opens the store of the fs harness in another process. */
export function open({ root }: { root: string }): FileAttachmentStore {
  return new FileAttachmentStore(root)
}
