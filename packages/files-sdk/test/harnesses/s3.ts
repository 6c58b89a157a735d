import { randomUUID } from 'node:crypto'
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import type { StoreHarness } from '@lash/attachments-conformance'
import { removeAll, type S3Connection, uploads } from '@lash/attachments-testing/s3'
import { s3 } from 'files-sdk/s3'
import { adapterHarness } from './adapter.ts'
import { Gate } from './gate.ts'

/** On a server that is reached by plain HTTP, since a gate lies before it. */
export function s3AdapterHarness({ endpoint, bucket, region, ...credentials }: S3Connection): StoreHarness {
  const options = { bucket, region, credentials, endpoint, forcePathStyle: true }
  const straight = s3(options).raw
  return adapterHarness({
    name: 'files-sdk (s3)',
    capabilities: ['incremental-reads', 'staging', 'deny', 'disconnect', 'stall', 'durable', 'child'],
    async ground() {
      const prefix = `test/${randomUUID()}/`
      const gate = await Gate.before(endpoint)
      const adapter = s3({ ...options, endpoint: gate.url })
      return {
        adapter,
        prefix,
        child: { module: new URL('../children/s3.ts', import.meta.url).href, options: { options, prefix } },
        secrets: [credentials.secretAccessKey],
        staging: {
          list: async () => (await uploads(straight, bucket, prefix)).map(({ UploadId }) => String(UploadId)),
          async plant(id, bytes) {
            const object = { Bucket: bucket, Key: prefix + id }
            const { UploadId } = await straight.send(new CreateMultipartUploadCommand(object))
            const half = bytes.slice(0, bytes.byteLength / 2)
            await straight.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: half }))
          },
        },
        deny: () => gate.turn('deny'),
        disconnect: () => gate.turn('refuse'),
        stall: () => gate.turn('mute'),
        async remove() {
          adapter.raw.destroy()
          await gate.close()
          await removeAll(straight, bucket, prefix)
        },
      }
    },
    cleanup: async () => straight.destroy(),
  })
}
