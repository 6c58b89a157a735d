import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { AttachmentBody, AttachmentStore } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { isStored, listedIds, rejection, settles } from '../../run/expect.ts'
import { chunksOf, independentId, MiB, plain, sampleBytes, webStream } from '../../run/samples.ts'
import { soon } from '../../run/soon.ts'
import { storeGroup } from '../store-under-test.ts'

/** What becomes of sources that are not read, or not to their end. */
export const sourceCases: readonly StoreCase[] = storeGroup('sources', {
  'source-left-locked': {
    title: 'when a put or prepare is refused for any reason, its stream is cancelled or its iterator returned',
    async run({ store, another }) {
      const closed = await another()
      await closed.store.close()
      const aborted = AbortSignal.abort(new Error('aborted'))
      await everySourceIsTold({
        'bad metadata': body => store.put(body, { mediaType: 'no type' }),
        'no metadata': body => store.put(body, undefined as never),
        'a bad generation': body => store.put(body, plain, { generation: -1 }),
        'an aborted signal': body => store.put(body, plain, { signal: aborted }),
        'an aborted signal of prepare': body => store.prepare(body, { signal: aborted }),
        'a closed store': body => closed.store.put(body, plain),
        'prepare of a closed store': body => closed.store.prepare(body),
        'an abort on the way': body => abortedOnTheWay(store, body),
      })
      assert.deepEqual(await listedIds(store), [])
    },
  },
  'left-locked-over-the-limit': {
    title: 'when a body is over the limit, its stream is cancelled or its iterator returned',
    requires: ['size-limit'],
    maxByteLength: 1,
    async run({ store }) {
      await everySourceIsTold({ 'the limit': body => store.put(body, plain) })
    },
  },
  'left-locked-denied': {
    title: 'when a put fails because access is denied, its source has ended, or is cancelled or returned',
    requires: ['deny'],
    async run({ store, putSample, during }) {
      await putSample(10)
      await during('deny', () => everySourceIsTold({ 'denied access': body => store.put(body, plain) }))
    },
  },
  'odd-iterators': {
    title: "a put fails with its own error even if its iterator's return is missing, throws or gives no promise",
    async run({ store }) {
      const returns: Record<string, unknown> = {
        missing: undefined,
        'no promise': () => undefined,
        throws: () => {
          throw new Error('return failed')
        },
        rejects: () => Promise.reject(new Error('return failed')),
        'never ends': () => new Promise(() => {}),
      }
      for (const [what, end] of Object.entries(returns)) {
        const abort = new AbortController()
        const reason = new Error(what)
        const iterator = {
          next() {
            abort.abort(reason)
            return new Promise(() => {})
          },
          return: end,
          [Symbol.asyncIterator]: () => iterator,
        }
        const putting = store.put(iterator as never, plain, { signal: abort.signal })
        const error = await settles(rejection(putting, `${what}: resolved`), what)
        assert.ok(error === reason, `${what}: rejected with ${String(error)}`)
      }
      const chunks = [...chunksOf(sampleBytes(3000), 1000)]
      const synchronous = {
        next: () => ({ done: chunks.length === 0, value: chunks.shift() }),
        [Symbol.asyncIterator]: () => synchronous,
      }
      const signal = new AbortController().signal
      const { id } = await store.put(synchronous as never, plain, { signal })
      await isStored(store, id, sampleBytes(3000), 'an iterator that gives no promises')
    },
  },
  'many-chunks': {
    title: 'a source of very many small or empty chunks does not block the event loop, and a signal stops it',
    async run({ store }) {
      const byte = new Uint8Array(1)
      const empty = new Uint8Array(0)
      let others = 0
      let given = 0
      const timer = setInterval(() => others++, 1)
      async function* source() {
        // Until other work has had its turn, or for a very long time.
        for (; others < 3 && given < 1_000_000; given++) yield given % 4 === 0 ? byte : empty
      }
      try {
        const { id, byteLength } = await store.put(source(), plain)
        assert.ok(others >= 3, `nothing else was done while ${given} chunks were read`)
        await isStored(store, id, new Uint8Array(byteLength), 'the chunks put together')
      } finally {
        clearInterval(timer)
      }
      const abort = new AbortController()
      const reason = new Error('enough')
      setTimeout(() => abort.abort(reason), 1)
      async function* endless() {
        for (let chunks = 0; chunks < 20_000_000; chunks++) yield empty
      }
      const error = await rejection(store.put(endless(), plain, { signal: abort.signal }), 'endless nothing was put')
      assert.ok(error === reason, `rejected with ${String(error)}`)
    },
  },
  'released-after-put': {
    title: 'after a put, the stream that it has read to the end is unlocked',
    async run({ store }) {
      const bytes = sampleBytes(2 * MiB)
      const stream = webStream(bytes)
      const { id } = await store.put(stream, plain)
      assert.equal(id, independentId(bytes))
      assert.equal(stream.locked, false, 'the stream is still locked')
    },
  },
})

type Refused = (body: AttachmentBody) => Promise<unknown>

async function everySourceIsTold(refusals: Record<string, Refused>): Promise<void> {
  for (const [why, refused] of Object.entries(refusals)) {
    for (const [name, make] of Object.entries(sources)) {
      const source = make()
      await settles(rejection(refused(source.body), `${why}: resolved`), why)
      assert.ok(await soon(source.isOver, Boolean), `${why}: the ${name} was left as it is`)
    }
  }
}

interface WatchedSource {
  readonly body: AttachmentBody
  /** Whether it has ended, or has been told that nobody reads it. */
  isOver(): boolean
}

const sources: Record<string, () => WatchedSource> = {
  ReadableStream: () => {
    let over = false
    const chunks = chunksOf(sampleBytes(20), 10)
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const { done, value } = chunks.next()
          if (!done) return controller.enqueue(value)
          over = true
          controller.close()
        },
        cancel() {
          over = true
        },
      },
      { highWaterMark: 0 },
    )
    return { body, isOver: () => over }
  },
  'byte stream': () => {
    let over = false
    const body = new ReadableStream({
      type: 'bytes',
      pull(controller) {
        controller.enqueue(sampleBytes(10))
        over = true
        controller.close()
      },
      cancel() {
        over = true
      },
    })
    return { body, isOver: () => over }
  },
  'async iterator': () => {
    let over = false
    const chunks = chunksOf(sampleBytes(20), 10)
    const iterator = {
      async next() {
        const result = chunks.next()
        if (result.done) over = true
        return result
      },
      async return() {
        over = true
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return { body: iterator as AsyncIterable<Uint8Array>, isOver: () => over }
  },
  'Node Readable': () => {
    const body = Readable.from(chunksOf(sampleBytes(20), 10), { objectMode: false })
    return { body, isOver: () => body.destroyed }
  },
}

function abortedOnTheWay(store: AttachmentStore, body: AttachmentBody): Promise<unknown> {
  const abort = new AbortController()
  const putting = store.put(body, plain, { signal: abort.signal })
  abort.abort(new Error('on the way'))
  return putting
}
