import {
  AttachmentIntentExpiredError,
  type AttachmentManifest,
  contentId,
  reclaimOrphanedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { expect, test } from 'vitest'

const bytes = new TextEncoder().encode('pending')
const id = contentId(bytes)
const meta = { mediaType: 'text/plain' }

function open(overrides: (manifest: AttachmentManifest) => Partial<AttachmentManifest> = () => ({})) {
  const store = new InMemoryAttachmentStore()
  const manifest = new InMemoryAttachmentManifest()
  const changed = new Proxy<AttachmentManifest>(manifest, {
    get(target, name) {
      const own = (overrides(target) as Record<string | symbol, unknown>)[name]
      const value = own ?? Reflect.get(target, name)
      return typeof value === 'function' && own === undefined ? value.bind(target) : value
    },
  })
  return { store, manifest, session: new SessionScopedAttachmentStore(store, changed, 'a') }
}

async function sweepAll({ store, manifest }: ReturnType<typeof open>) {
  return reclaimOrphanedAttachments(manifest, store, Number.MAX_SAFE_INTEGER)
}

test('a put that fails at another generation keeps the exact ref and takes back the bare id', async () => {
  const opened = open()
  const { store, session } = opened
  const first = await session.put(bytes, meta)
  await sweepAll(opened)
  const failure = new Error('disk full')
  store.put = () => Promise.reject(failure)
  await expect(session.put(bytes, meta)).rejects.toBe(failure)
  expect(session.pendingManifestCommitIds()).toEqual([])
  expect(session.pendingRefs()).toEqual([first])
  await expect(session.commit()).rejects.toThrow(AttachmentIntentExpiredError)
})

test('a put that fails at the same generation harms the first in no way', async () => {
  const { store, session, manifest } = open()
  const first = await session.put(bytes, meta)
  store.put = () => Promise.reject(new Error('disk full'))
  await expect(session.put(bytes, meta)).rejects.toThrow('disk full')
  expect(session.pendingManifestCommitIds()).toEqual([id])
  expect(await session.commit()).toEqual([first])
  expect((await manifest.lookup('a', id))?.committedAtEpochMs).toBeTypeOf('number')
})

test('an intent that fails without saying whether it was recorded takes back the bare id', async () => {
  let fail = false
  const { session } = open(manifest => ({
    recordIntent: async intent => {
      const generation = await manifest.recordIntent(intent)
      if (fail) throw new Error('connection lost')
      return generation
    },
  }))
  await session.put(bytes, meta)
  fail = true
  await expect(session.put(bytes, meta)).rejects.toMatchObject({ code: 'manifest_record' })
  expect(session.pendingManifestCommitIds()).toEqual([])
  expect(session.pendingRefs()).toHaveLength(1)
})

test('refs that are committed in the transaction of the host stay pending until they are marked', async () => {
  const clients: unknown[] = []
  const { session } = open(() => ({
    commitRefs: async (_sessionId, _refs, options) => {
      clients.push(options?.client)
    },
  }))
  await session.put(bytes, meta)
  const client = {}
  const refs = await session.commit({ client })
  expect(clients).toEqual([client])
  expect(session.pendingRefs()).toEqual(refs)
  session.markManifestCommitted(refs.map(ref => ref.id))
  expect(session.pendingRefs()).toEqual([])
})

test('a put that ends while a commit is under way stays pending', async () => {
  const committing = Promise.withResolvers<void>()
  const { session } = open(manifest => ({
    commitRefs: async (sessionId, refs) => {
      await committing.promise
      await manifest.commitRefs(sessionId, refs)
    },
  }))
  await session.put(bytes, meta)
  const commit = session.commit()
  const other = await session.put(new Uint8Array([1, 2, 3]), meta)
  committing.resolve()
  expect(await commit).toHaveLength(1)
  expect(session.pendingRefs()).toEqual([other])
})

test('metadata of a session whose intent had none is not that of another', async () => {
  const { session, store, manifest } = open()
  await session.put(bytes, { ...meta, label: 'private' })
  await manifest.recordIntent({
    attachmentId: id,
    sessionId: 'b',
    canonicalUri: `sha256:${id}`,
    byteLength: bytes.byteLength,
    intentAtEpochMs: 1,
  })
  const other = new SessionScopedAttachmentStore(store, manifest, 'b')
  expect(await other.stat(id)).toEqual({ id, byteLength: bytes.byteLength, mediaType: 'application/octet-stream' })
})

test('content that another store prepared is held to the limit of this one, and leaves no intent', async () => {
  const content = await new InMemoryAttachmentStore().prepare(bytes)
  const manifest = new InMemoryAttachmentManifest()
  const small = new InMemoryAttachmentStore({ maxByteLength: bytes.byteLength - 1 })
  const session = new SessionScopedAttachmentStore(small, manifest, 'a')
  await expect(session.put(content, meta)).rejects.toMatchObject({ code: 'too_large', maxByteLength: 6 })
  expect(session.maxByteLength).toBe(6)
  expect(await manifest.lookup('a', id)).toBeUndefined()
  const exact = new InMemoryAttachmentStore({ maxByteLength: bytes.byteLength })
  await new SessionScopedAttachmentStore(exact, manifest, 'a').put(content, meta)
})

test('an abort while intent and bytes are written together rejects with its reason', async () => {
  const aborting = new AbortController()
  const { session } = open(() => ({
    recordIntentAndPut: async () => {
      aborting.abort(new Error('changed my mind'))
      throw new Error('canceled by the user')
    },
  }))
  await expect(session.put(bytes, meta, { signal: aborting.signal })).rejects.toThrow('changed my mind')
})
