import { FilesSdkAttachmentStore } from '@lash/attachments-files-sdk'
import { type S3AdapterOptions, s3 } from 'files-sdk/s3'

/** In a child process, opens the store of a fixture on the adapter `s3`. */
export function open({ options, prefix }: { options: S3AdapterOptions; prefix: string }): FilesSdkAttachmentStore {
  return new FilesSdkAttachmentStore({ adapter: s3(options), prefix })
}
