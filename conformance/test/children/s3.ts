import type { AttachmentStore } from '@lash/attachments-core'
import { S3AttachmentStore } from '@lash/attachments-s3'
import { s3ClientConfig, s3FromEnvironment } from '@lash/attachments-testing/s3'

/** In a child process, opens the store of the S3 harness. The environment says where the server is. */
export function open({ prefix }: { prefix: string }): AttachmentStore {
  const server = s3FromEnvironment()
  if (server === undefined) throw new Error('LASH_TEST_S3_ENDPOINT is not set')
  return new S3AttachmentStore({ bucket: server.bucket, prefix, clientConfig: s3ClientConfig(server) })
}
