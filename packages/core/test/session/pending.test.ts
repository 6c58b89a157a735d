import { type AttachmentManifest, contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { expect, test } from 'vitest'

const bytes = new TextEncoder().encode('pending')
const id = contentId(bytes)
const meta = { mediaType: 'text/plain' }

/** A call that is stopped before it begins. */
function stopped() {
  const begun = Promise.withResolvers<void>()
  const going = Promise.withResolvers<void>()
  const pass = () => {
    begun.resolve()
    return going.promise
  }
  return { begun: begun.promise, goOn: going.resolve, pass }
}

/** A message and a draft of one session. The message goes through the manifest as it is changed. */
function open(changes: Partial<AttachmentManifest> = {}) {
  const store = new InMemoryAttachmentStore()
  const manifest = new InMemoryAttachmentManifest()
  const changed: AttachmentManifest = new Proxy(manifest, {
    get(target, name) {
      const value = Reflect.get(changes, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const session = new SessionScopedAttachmentStore(store, changed, 'session')
  return { store, manifest, draft: session.withHolder('draft'), message: session.withHolder('message') }
}

test('no bare id is offered while its content is being adopted, and both refs are exact', async () => {
  const adopting = stopped()
  let calls = 0
  const { draft, message } = open({
    async recordIntent(this: InMemoryAttachmentManifest, intent) {
      if (++calls === 3) await adopting.pass()
      return InMemoryAttachmentManifest.prototype.recordIntent.call(this, intent)
    },
  })
  const ref = await draft.put(bytes, meta)
  await message.put(bytes, meta)
  const adoption = message.adopt([ref], draft)
  await adopting.begun
  expect(message.pendingManifestCommitIds()).toEqual([])
  expect(message.pendingRefs()).toEqual([ref])
  adopting.goOn()
  await adoption
  expect(message.pendingManifestCommitIds()).toEqual([id])
})

test('an adoption that fails in part leaves what was pending as it was, by ref and by bare id', async () => {
  const { draft, message } = open()
  const ref = await draft.put(bytes, meta)
  const own = await message.put(bytes, { mediaType: 'text/html' })
  const missing = { ...ref, id: contentId(new Uint8Array(1)) }
  await expect(message.adopt([ref, missing], draft)).rejects.toMatchObject({ code: 'not_found', id: missing.id })
  expect(message.pendingRefs()).toEqual([own])
  expect(message.pendingManifestCommitIds()).toEqual([id])
})

test('what is put while a release is under way stays pending', async () => {
  const releasing = stopped()
  const { message } = open({
    async releaseRefs(this: InMemoryAttachmentManifest, ...given) {
      await InMemoryAttachmentManifest.prototype.releaseRefs.apply(this, given)
      await releasing.pass()
    },
  })
  await message.put(bytes, meta)
  const release = message.release()
  await releasing.begun
  const again = await message.put(bytes, meta)
  releasing.goOn()
  await release
  expect(await message.commit()).toEqual([again])
})

test('to mark a content takes back no doubt about its last intent while a put of it is in flight', async () => {
  const putting = stopped()
  let calls = 0
  const { message, store } = open({
    async recordIntent(this: InMemoryAttachmentManifest, intent) {
      const generation = await InMemoryAttachmentManifest.prototype.recordIntent.call(this, intent)
      if (++calls === 2) throw new Error('connection lost')
      return generation
    },
  })
  const put = store.put.bind(store)
  store.put = async (...given) => {
    await putting.pass()
    return put(...given)
  }
  const first = message.put(bytes, meta)
  await putting.begun
  await expect(message.put(bytes, meta)).rejects.toMatchObject({ code: 'manifest_record' })
  message.markManifestCommitted([id])
  putting.goOn()
  expect(message.pendingRefs()).toEqual([])
  const ref = await first
  expect(message.pendingManifestCommitIds()).toEqual([])
  expect(message.pendingRefs()).toEqual([ref])
})

test('an adoption that is aborted rejects with the reason, and leaves nothing pending', async () => {
  const { draft, message } = open()
  const ref = await draft.put(bytes, meta)
  await expect(message.adopt([ref], draft, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
  expect(message.pendingRefs()).toEqual([])
})

test('nothing is adopted by a view that is closed, nor from one', async () => {
  const { draft, message } = open()
  const ref = await draft.put(bytes, meta)
  await draft.close()
  await expect(message.adopt([ref], draft)).rejects.toMatchObject({ code: 'closed' })
  await message.close()
  await expect(message.adopt([ref], draft)).rejects.toMatchObject({ code: 'closed' })
})
