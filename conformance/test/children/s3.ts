import type { AttachmentStore } from '@lash/attachments-core'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { s3ClientConfig, s3FromEnvironment } from '@lash/attachments-testing/s3'

/** Opens, in a child process, the store of a fixture of the S3 harness. Where the server is stands in the environment. */
export function open({ prefix }: { prefix: string }): AttachmentStore {
  const server = s3FromEnvironment()
  if (server === undefined) throw new Error('LASH_TEST_S3_ENDPOINT is not set')
  return new S3AttachmentStore({ bucket: server.bucket, prefix, clientConfig: s3ClientConfig(server) })
}
