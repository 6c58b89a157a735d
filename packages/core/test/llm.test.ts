import {
  AttachmentInvalidArgumentError,
  AttachmentNotFoundError,
  reclaimOrphanedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { resolveLlmRequestAttachments } from '@lash/attachments-core/llm'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { expect, test } from 'vitest'

const bytes = new Uint8Array([1, 2, 3])
const meta = { mediaType: 'image/png' }

test('fills in what carries a reference and no data, and changes nothing else', async () => {
  await using store = new InMemoryAttachmentStore()
  const reference = await store.put(bytes, meta)
  const inline = { mediaType: 'text/plain', data: new Uint8Array([9]) }
  const request = { model: 'm', attachments: [{ reference }, inline, { mediaType: 'image/x-mine', reference }, {}] }
  const before = structuredClone(request)
  const resolved = await resolveLlmRequestAttachments(request, store)
  expect(resolved).toEqual({
    model: 'm',
    attachments: [
      { mediaType: 'image/png', reference, data: bytes },
      inline,
      { mediaType: 'image/png', reference, data: bytes },
      {},
    ],
  })
  expect(request).toEqual(before)
})

test('keeps the data of an attachment that has both', async () => {
  await using store = new InMemoryAttachmentStore()
  const reference = await store.put(bytes, meta)
  const data = new Uint8Array([7])
  const resolved = await resolveLlmRequestAttachments({ attachments: [{ reference, data }] }, store)
  expect(resolved.attachments[0]?.data).toBe(data)
})

test('empty data is no data; the media type is the stored one, whatever reference and attachment say', async () => {
  await using store = new InMemoryAttachmentStore()
  const reference = { ...(await store.put(bytes, meta)), mediaType: 'text/plain' }
  const attachment = { mediaType: 'image/x-mine', data: new Uint8Array(0), reference }
  const resolved = await resolveLlmRequestAttachments({ attachments: [attachment] }, store)
  expect(resolved.attachments[0]).toEqual({ mediaType: 'image/png', data: bytes, reference })
})

test('null, as JSON has it, is no reference and no attachments', async () => {
  await using store = new InMemoryAttachmentStore()
  for (const request of [{ attachments: null }, { attachments: [{ reference: null }] }]) {
    expect(await resolveLlmRequestAttachments(request as object, store)).toEqual(request)
  }
})

test('a request without attachments comes back as it is', async () => {
  await using store = new InMemoryAttachmentStore()
  expect(await resolveLlmRequestAttachments({ model: 'm' } as object, store)).toEqual({ model: 'm' })
})

test('a reference that the session does not hold is not found', async () => {
  await using store = new InMemoryAttachmentStore()
  await using manifest = new InMemoryAttachmentManifest()
  const reference = await new SessionScopedAttachmentStore(store, manifest, 'a').put(bytes, meta)
  const other = new SessionScopedAttachmentStore(store, manifest, 'b')
  await expect(resolveLlmRequestAttachments({ attachments: [{ reference }] }, other)).rejects.toThrow(
    AttachmentNotFoundError,
  )
})

test('an old reference finds the bytes that the session has put again since', async () => {
  await using store = new InMemoryAttachmentStore()
  await using manifest = new InMemoryAttachmentManifest()
  const session = new SessionScopedAttachmentStore(store, manifest, 'a')
  const reference = await session.put(bytes, meta)
  await reclaimOrphanedAttachments(manifest, store, Number.MAX_SAFE_INTEGER)
  expect((await session.put(bytes, meta)).generation).toBe(1)
  const resolved = await resolveLlmRequestAttachments({ attachments: [{ reference }] }, session)
  expect(resolved.attachments[0]).toMatchObject({ data: bytes })
})

test('after a read that failed, no more are begun', async () => {
  await using store = new InMemoryAttachmentStore()
  const references = await Promise.all([1, 2, 3, 4, 5].map(byte => store.put(new Uint8Array([byte]), meta)))
  const asked: string[] = []
  const failing = Object.create(store, {
    get: {
      value: (id: string, options: object) => {
        asked.push(id)
        return id === references[0]?.id ? Promise.reject(new Error('unplugged')) : store.get(id, options)
      },
    },
  })
  const attachments = references.map(reference => ({ reference }))
  const resolving = resolveLlmRequestAttachments({ attachments }, failing, { concurrency: 2 })
  await expect(resolving).rejects.toThrow('unplugged')
  // All that a memory store does is done before the event loop turns.
  await new Promise(resolve => setImmediate(resolve))
  expect(asked).toEqual([references[0]?.id, references[1]?.id])
})

test.each([0, Number.NaN, -1])('a concurrency of %s is refused', async concurrency => {
  await using store = new InMemoryAttachmentStore()
  const reference = await store.put(bytes, meta)
  const resolving = resolveLlmRequestAttachments({ attachments: [{ reference }] }, store, { concurrency })
  await expect(resolving).rejects.toThrow(AttachmentInvalidArgumentError)
})

test('a malformed reference is refused', async () => {
  await using store = new InMemoryAttachmentStore()
  const reference = { id: '../etc/passwd', byteLength: 1, mediaType: 'a/b' }
  await expect(resolveLlmRequestAttachments({ attachments: [{ reference }] }, store)).rejects.toThrow(
    AttachmentInvalidArgumentError,
  )
})
