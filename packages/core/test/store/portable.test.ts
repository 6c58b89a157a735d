import { mkdirSync, rmSync } from 'node:fs'
import {
  AttachmentBackendError,
  AttachmentCorruptError,
  type AttachmentDriverRead,
  AttachmentIoError,
  type AttachmentKey,
  contentId,
  PortableAttachmentStore,
} from '@lash/attachments-core'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { driver } from '../driver.ts'

const bytes = new TextEncoder().encode('some bytes')
const id = contentId(bytes)

test('an error of the backend becomes ours, with its cause and without the password of a URL', async () => {
  const cause = new Error('cannot reach db://user:s3@cret@host/x')
  const store = new PortableAttachmentStore(driver({ stat: () => Promise.reject(cause) }))
  const error = await store.stat(id).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(AttachmentBackendError)
  expect(error).toMatchObject({ cause })
  expect((error as Error).message).toContain('db://***@host')
  expect((error as Error).message).not.toContain('cret')
})

test('an error that is ours already comes through as it is', async () => {
  const error = new AttachmentIoError('/a', 'no')
  const store = new PortableAttachmentStore(driver({ write: () => Promise.reject(error) }))
  await expect(store.put(bytes, { mediaType: 'a/b' })).rejects.toBe(error)
})

test('of however many copies of one content, a driver is given a thousand at once at the most', async () => {
  const calls: number[] = []
  const store = new PortableAttachmentStore(
    driver({
      async *list() {
        for (let generation = 0; generation < 2500; generation++) yield { id, generation, byteLength: 10 }
      },
      remove: async keys => void calls.push(keys.length),
    }),
  )
  await store.delete(id)
  expect(calls).toEqual([1000, 1000, 500])
})

test('deletes of one tick reach the driver together, and each learns its own outcome', async () => {
  const calls: number[] = []
  const store = new PortableAttachmentStore(
    driver({
      async remove(keys: readonly AttachmentKey[]) {
        calls.push(keys.length)
        if (keys.some(({ generation }) => generation === 3)) throw new Error('stuck')
      },
    }),
  )
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(generation => store.delete(id, { generation })))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(calls[0]).toBe(4)
})

test('a stream gives no last chunk of damaged bytes', async () => {
  const damaged = bytes.map((byte, index) => (index === 3 ? byte ^ 1 : byte))
  const chunks = [damaged.subarray(0, 5), damaged.subarray(5)]
  const store = new PortableAttachmentStore(
    driver({
      read: async () => ({
        meta: { id, byteLength: bytes.byteLength, mediaType: 'a/b' },
        body: ReadableStream.from(chunks) as ReadableStream<Uint8Array>,
      }),
    }),
  )
  const received: Uint8Array[] = []
  const { body } = await store.stream(id)
  const reading = (async () => {
    for await (const chunk of body) received.push(chunk)
  })()
  await expect(reading).rejects.toThrow(AttachmentCorruptError)
  expect(Buffer.concat(received).byteLength).toBeLessThan(bytes.byteLength)
})

const other = bytes.map(byte => byte ^ 1)

type Body = AttachmentDriverRead['body']

/** A store whose driver gives other bytes than the id says, and vouches for them or does not. */
function storeOfOther(make: () => Body, vouch: (body: Body) => Body | undefined = body => body) {
  const meta = { id, byteLength: bytes.byteLength, mediaType: 'a/b' }
  const read = async () => {
    const body = make()
    return { meta, body, verified: vouch(body) }
  }
  return new PortableAttachmentStore(driver({ read }))
}

test('what a driver vouches for is not compared with the id, and all else is', async () => {
  const bodies = [() => other.slice(), () => new Blob([other]).stream()]
  for (const body of bodies) {
    const vouched = storeOfOther(body)
    expect((await vouched.get(id)).bytes).toEqual(other)
    expect(await new Response((await vouched.stream(id)).body).bytes()).toEqual(other)
    // The second is what a wrapper gives that spreads a read and replaces its body.
    for (const vouch of [() => undefined, () => other.slice()]) {
      const store = storeOfOther(body, vouch)
      await expect(store.get(id)).rejects.toThrow(AttachmentCorruptError)
      const read = store.stream(id).then(found => new Response(found.body).bytes())
      await expect(read).rejects.toThrow(AttachmentCorruptError)
    }
  }
})

test('the length of what a driver vouches for is compared', async () => {
  for (const body of [() => other.slice(1), () => new Blob([other.slice(1)]).stream()]) {
    const store = storeOfOther(body)
    await expect(store.get(id)).rejects.toThrow(AttachmentCorruptError)
    const read = store.stream(id).then(found => new Response(found.body).bytes())
    await expect(read).rejects.toThrow(AttachmentCorruptError)
  }
})

test('get of more bytes than an array can hold says to stream them, and lets go of the body', async () => {
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    cancel() {
      cancelled = true
    },
  })
  const meta = { id, byteLength: 2 ** 45, mediaType: 'a/b' }
  const store = new PortableAttachmentStore(driver({ read: async () => ({ meta, body }) }))
  await expect(store.get(id)).rejects.toMatchObject({
    code: 'invalid_argument',
    id,
    message: expect.stringContaining('`stream`'),
  })
  expect(cancelled).toBe(true)
})

test('bytes that a driver gives as a window on bigger memory are copied out of it', async () => {
  const pool = new Uint8Array(100)
  pool.set(bytes, 7)
  const window = pool.subarray(7, 7 + bytes.byteLength)
  const meta = { id, byteLength: bytes.byteLength, mediaType: 'a/b' }
  const whole = new PortableAttachmentStore(driver({ read: async () => ({ meta, body: window }) }))
  const got = await whole.get(id)
  expect(got.bytes).toEqual(bytes)
  expect(got.bytes.buffer.byteLength).toBe(bytes.byteLength)
  const streamed = new PortableAttachmentStore(
    driver({ read: async () => ({ meta, body: ReadableStream.from([window]) as ReadableStream<Uint8Array> }) }),
  )
  for await (const chunk of (await streamed.stream(id)).body) expect(chunk.buffer.byteLength).toBe(bytes.byteLength)
})

test('close waits for calls in flight, and frees the driver once', async () => {
  const release = Promise.withResolvers<undefined>()
  let closed = 0
  const store = new PortableAttachmentStore(
    driver({
      stat: () => release.promise,
      close: async () => {
        closed++
      },
    }),
  )
  const statting = store.stat(id, { generation: 0 })
  const closing = Promise.all([store.close(), store.close()])
  await Promise.resolve()
  expect(closed).toBe(0)
  release.resolve(undefined)
  await statting
  await closing
  expect(closed).toBe(1)
})

test('a put whose spool file cannot be deleted fails, and close waits for it no longer', async () => {
  const directory = newFolder()
  const store = new PortableAttachmentStore(
    driver({
      spool: { directory, memoryLimit: 0 },
      async write(_key, { path = '' }) {
        rmSync(path)
        mkdirSync(path)
      },
    }),
  )
  await expect(store.put(new Blob([bytes]), { mediaType: 'a/b' })).rejects.toThrow(
    `a spool file failed in ${directory}`,
  )
  await store.close()
})

test('a delete that is aborted ends when the driver has, which may have done its work by then', async () => {
  const release = Promise.withResolvers<void>()
  const calls: string[] = []
  const store = new PortableAttachmentStore(
    driver({
      async remove() {
        await release.promise
        calls.push('removed')
      },
      async close() {
        calls.push('closed')
      },
    }),
  )
  const abort = new AbortController()
  const deleting = store.delete(id, { generation: 0, signal: abort.signal })
  const rejected = expect(deleting)
    .rejects.toThrow('enough')
    .then(() => expect(calls).toContain('removed'))
  await new Promise(setImmediate)
  abort.abort(new Error('enough'))
  const closing = store.close()
  await new Promise(setImmediate)
  release.resolve()
  await rejected
  await closing
  expect(calls).toEqual(['removed', 'closed'])
})

test('a delete of several copies that fails for one ends with the last of them', async () => {
  const release = Promise.withResolvers<void>()
  const removed: number[] = []
  const store = new PortableAttachmentStore(
    driver({
      async *list() {
        for (const generation of [0, 1]) yield { id, generation, byteLength: 1 }
      },
      async remove(keys) {
        if (keys.some(({ generation }) => generation === 0)) throw new Error('no')
        await release.promise
        removed.push(...keys.map(({ generation }) => generation))
      },
    }),
  )
  let isOver = false
  const deleting = store.delete(id).finally(() => {
    isOver = true
  })
  const rejected = expect(deleting).rejects.toThrow('no')
  await new Promise(setImmediate)
  expect(isOver).toBe(false)
  release.resolve()
  await rejected
  expect(removed).toEqual([1])
})

test('a driver hears the signal of a removal: those with the same signal go together', async () => {
  const heard: [AbortSignal | undefined, number[]][] = []
  const store = new PortableAttachmentStore(
    driver({
      async remove(keys, { signal }) {
        heard.push([signal, keys.map(({ generation }) => generation)])
      },
    }),
  )
  const { signal } = new AbortController()
  await Promise.all([
    store.delete(id, { generation: 0, signal }),
    store.delete(id, { generation: 1 }),
    store.delete(id, { generation: 2, signal }),
    store.delete(id, { generation: 3 }),
  ])
  expect(heard).toEqual([
    [signal, [0, 2]],
    [undefined, [1, 3]],
  ])
})

test('an abort cancels the body of a stream that nobody reads', async () => {
  const cancelled = Promise.withResolvers<unknown>()
  const endless = new ReadableStream<Uint8Array>({
    pull: controller => controller.enqueue(new Uint8Array(1024)),
    cancel: cancelled.resolve,
  })
  const meta = { id, byteLength: 1e9, mediaType: 'a/b' }
  const store = new PortableAttachmentStore(driver({ read: async () => ({ meta, body: endless }) }))
  const controller = new AbortController()
  const reason = new Error('enough')
  const { body } = await store.stream(id, { signal: controller.signal })
  const reader = body.getReader()
  await reader.read()
  controller.abort(reason)
  expect(await cancelled.promise).toBe(reason)
  await expect(reader.read()).rejects.toBe(reason)
})
