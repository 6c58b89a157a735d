import { FileAttachmentStore } from '@lash/attachments-fs'

/** In a child process, opens the store of the fs harness. */
export function open({ root, durability }: { root: string; durability: 'full' | 'relaxed' }): FileAttachmentStore {
  return new FileAttachmentStore({ root, durability })
}
