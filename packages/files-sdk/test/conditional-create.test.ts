import { randomUUID } from 'node:crypto'
import { FilesSdkAttachmentStore } from '@lash/attachments-files-sdk'
import { removeAll, s3FromEnvironment } from '@lash/attachments-testing/s3'
import { s3 } from 'files-sdk/s3'
import { describe, expect, test } from 'vitest'

const server = s3FromEnvironment()

describe.skipIf(server === undefined)('where the adapter creates conditionally', () => {
  test('the metadata of the first put that has resolved stays, whoever puts at the same moment', async () => {
    if (server === undefined) return
    const { endpoint, bucket, region, ...credentials } = server
    const prefix = `test/${randomUUID()}/`
    const adapter = s3({ bucket, region, credentials, endpoint, forcePathStyle: true, conditional: true })
    try {
      for (let round = 0; round < 3; round++) {
        const bytes = new TextEncoder().encode(`round ${round}`)
        const labels = Array.from({ length: 6 }, (_, index) => `of store ${index}`)
        const stores = labels.map(() => new FilesSdkAttachmentStore({ adapter, prefix }))
        const seen = await Promise.all(
          stores.map(async (store, index) => {
            const { id } = await store.put(bytes, { mediaType: 'text/plain', label: labels[index] as string })
            return (await store.stat(id))?.label
          }),
        )
        expect(new Set(seen).size, seen.join()).toBe(1)
      }
    } finally {
      await removeAll(adapter.raw, bucket, prefix)
      adapter.raw.destroy()
    }
  })
})
