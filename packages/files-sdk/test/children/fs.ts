import { FilesSdkAttachmentStore } from '@lash/attachments-files-sdk'
import { fs } from 'files-sdk/fs'

/** In a child process, opens the store of a fixture on the adapter `fs`. */
export function open({ root }: { root: string }): FilesSdkAttachmentStore {
  return new FilesSdkAttachmentStore({ adapter: fs({ root }) })
}
