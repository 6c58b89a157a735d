import { contentId } from '@lash/attachments-core'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => vi.restoreAllMocks())

test('of many big bodies that come together, four at a time are hashed off the thread, and each gets its own id', async () => {
  let running = 0
  let most = 0
  const { subtle } = crypto
  const hash = subtle.digest.bind(subtle)
  vi.spyOn(subtle, 'digest').mockImplementation(async (...given) => {
    most = Math.max(most, ++running)
    return hash(...given).finally(() => running--)
  })
  await using store = new InMemoryAttachmentStore()
  const bodies = Array.from({ length: 40 }, (_, seed) => new Uint8Array(256 * 1024).fill(seed))
  for (const _ of [1, 2]) {
    const refs = await Promise.all(bodies.map(body => store.put(body, { mediaType: 'a/b' })))
    expect(refs.map(ref => ref.id)).toEqual(bodies.map(contentId))
    expect(most).toBe(4)
    expect(running).toBe(0)
  }
})

test('a hash that fails leaves its turn to the next', async () => {
  const failure = new Error('no thread')
  const failing = vi.spyOn(crypto.subtle, 'digest').mockRejectedValue(failure)
  await using store = new InMemoryAttachmentStore()
  const bodies = Array.from({ length: 20 }, (_, seed) => new Uint8Array(256 * 1024).fill(seed))
  const put = () => Promise.allSettled(bodies.map(body => store.put(body, { mediaType: 'a/b' })))
  // Of the twelve that the calling thread does not hash at once, the first finds itself alone when its turn comes.
  expect((await put()).filter(({ status }) => status === 'rejected')).toHaveLength(11)
  failing.mockRestore()
  expect((await put()).filter(({ status }) => status === 'rejected')).toEqual([])
})

test('bodies that come one after the other need no other thread, but for one that would hold up the event loop', async () => {
  const elsewhere = vi.spyOn(crypto.subtle, 'digest')
  await using store = new InMemoryAttachmentStore()
  for (let seed = 0; seed < 20; seed++) {
    const body = new Uint8Array(512 * 1024).fill(seed)
    expect((await store.put(body, { mediaType: 'a/b' })).id).toBe(contentId(body))
  }
  expect(elsewhere).not.toHaveBeenCalled()
  await store.put(new Uint8Array(3 * 1024 * 1024), { mediaType: 'a/b' })
  expect(elsewhere).toHaveBeenCalledOnce()
})
