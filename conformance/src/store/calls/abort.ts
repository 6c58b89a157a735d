import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { AttachmentNotFoundError, type AttachmentSignalOptions, type AttachmentStore } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import {
  isAbsent,
  isPending,
  isStored,
  listedIds,
  nothingStaged,
  rejectsWithReason,
  sameBytes,
  settles,
} from '../../run/expect.ts'
import { handlesAreClosed, openHandles } from '../../run/open-handles.ts'
import {
  collect,
  independentId,
  MiB,
  plain,
  readAll,
  sampleBytes,
  stalledSource,
  turn,
  webStream,
} from '../../run/samples.ts'
import { storeGroup } from '../store-under-test.ts'
import { AbortableCall } from './abortable-call.ts'

type Call = (store: AttachmentStore, id: string, options: AttachmentSignalOptions) => Promise<unknown>

const preparing: Record<string, Call> = {
  prepare: (store, _id, options) => store.prepare(sampleBytes(9), options),
  'prepare of a stream': (store, _id, options) => store.prepare(webStream(sampleBytes(9)), options),
}
const reading = {
  get: (store, id, options) => store.get(id, options),
  stream: (store, id, options) => store.stream(id, options),
  stat: (store, id, options) => store.stat(id, options),
} satisfies Record<string, Call>
/** Those that ask the backend. */
const asking: Record<string, Call> = {
  put: (store, _id, options) => store.put(sampleBytes(9), plain, options),
  'put of a stream': (store, _id, options) => store.put(webStream(sampleBytes(9)), plain, options),
  ...reading,
  list: (store, _id, options) => collect(store.list(options)),
  delete: (store, id, options) => store.delete(id, options),
}
const everyCall: Record<string, Call> = { ...preparing, ...asking }

export const abortCases: readonly StoreCase[] = storeGroup('abort', {
  'already-aborted': {
    title: 'a call whose signal has already aborted rejects with the very reason and does nothing',
    async run({ store, putSample }) {
      const { id, bytes } = await putSample(1000)
      const reasons = [new Error('mine'), new DOMException('late', 'TimeoutError'), 'a string', { code: 7 }]
      for (const reason of reasons) {
        const signal = AbortSignal.abort(reason)
        for (const [name, call] of Object.entries(everyCall)) {
          await rejectsWithReason(call(store, id, { signal }), reason, name)
        }
      }
      await isStored(store, id, bytes, 'what was there')
      assert.deepEqual(await listedIds(store), [id])
    },
  },
  'mid-put': {
    title: 'a put that is aborted while its source stalls rejects at once with the reason, and cancels the source',
    async run({ store, streamSample }) {
      for (const length of [1000, 3 * MiB]) {
        const source = stalledSource([sampleBytes(length)])
        const put = new AbortableCall(`after ${length} bytes`, options => store.put(source.stream, plain, options))
        await source.stalled
        await put.mustAbort()
        await source.whenCancelled
        await isAbsent(store, independentId(sampleBytes(length)), put.what)
        const { id, bytes } = await streamSample(length)
        await isStored(store, id, bytes, 'put again')
      }
    },
  },
  'mid-put-leaves-no-litter': {
    title: 'an aborted put leaves nothing staged',
    requires: ['staging'],
    async run({ store, fixture }) {
      const source = stalledSource([sampleBytes(3 * MiB)])
      const abort = new AbortController()
      const putting = store.put(source.stream, plain, { signal: abort.signal })
      putting.catch(() => {})
      await source.stalled
      abort.abort()
      await assert.rejects(putting, { name: 'AbortError' })
      await nothingStaged(fixture, 'after the abort')
    },
  },
  'put-at-any-moment': {
    title: 'a put that is aborted at any moment stores all or nothing, and rejects with the reason or not at all',
    async run({ store }) {
      for (const length of [1000, 2 * MiB]) {
        for (let moment = 0; moment < 12; moment++) {
          const bytes = sampleBytes(length, moment + 1)
          const id = independentId(bytes)
          const what = `after ${moment} turns`
          const put = new AbortableCall(what, options => store.put(webStream(bytes), plain, options))
          await turn(moment)
          if (await put.mayAbort()) await isStored(store, id, bytes, what)
          // The write may already have been on its way. Then all of it is there, with its metadata.
          const stat = await store.stat(id)
          if (stat === undefined) continue
          assert.deepEqual(stat, { id, byteLength: length, ...plain }, what)
          await isStored(store, id, bytes, what)
        }
      }
    },
  },
  'put-beside-others': {
    title: 'an aborted put does not harm another put of the same bytes',
    async run({ store }) {
      const bytes = sampleBytes(2 * MiB)
      for (let round = 0; round < 4; round++) {
        const put = new AbortableCall('a put', options => store.put(webStream(bytes), plain, options))
        const other = store.put(webStream(bytes), plain)
        await turn(3 * round)
        put.abort()
        await put.result.catch(() => {})
        const { id } = await other
        await isStored(store, id, bytes, `round ${round}`)
        await store.delete(id)
      }
    },
  },
  'mid-get': {
    title: 'a get, stat or list that is aborted midway rejects with the reason or completes; the store stays usable',
    async run({ store, putSample }) {
      const { id, bytes } = await putSample(2 * MiB)
      for (const name of ['get', 'stream', 'stat', 'list']) {
        for (let moment = 0; moment < 3; moment++) {
          const call = new AbortableCall(name, options => (asking[name] as Call)(store, id, options))
          await turn(moment)
          await call.mayAbort()
        }
        await store.put(bytes, plain)
        await isStored(store, id, bytes, `after ${name}`)
      }
    },
  },
  'mid-delete': {
    title:
      'a delete that is aborted midway rejects with the reason or completes, and takes nothing that is put afterwards',
    async run({ store, has }) {
      const isServer = has('disconnect') || has('stall')
      for (const bytes of [sampleBytes(1000), sampleBytes(1_200_000)]) {
        const id = independentId(bytes)
        const putAgain = async () => {
          await store.put(bytes, plain)
          await turn(10)
        }
        // A server may have had the request already, and carry it out only later: each once.
        let late = 0
        for (let round = 0; round < 6; round++) {
          await store.put(bytes, plain)
          const generation = round % 2 === 0 ? {} : { generation: 0 }
          const call = new AbortableCall('delete', options => store.delete(id, { ...generation, ...options }))
          await turn(round >> 1)
          const isDone = await call.mayAbort()
          if (!isDone && isServer) late++
          const isKept = () =>
            isStored(store, id, bytes, `put after the delete was aborted after ${round >> 1} turns`).catch(error => {
              if (!AttachmentNotFoundError.isInstance(error) || late === 0) throw error
              return 'taken late' as const
            })
          await putAgain()
          for (; (await isKept()) === 'taken late'; late--) await putAgain()
        }
      }
    },
  },
  'signal-during-get': {
    title: 'a get, stream or stat whose signal aborts before it settles rejects with the reason, whatever the size',
    async run({ store }) {
      const all = [sampleBytes(1000), sampleBytes(300_000), sampleBytes(3 * MiB), new Uint8Array(2 * MiB).fill(7)]
      for (const bytes of all) {
        const { id } = await store.put(bytes, { mediaType: 'text/plain' })
        for (const [name, read] of Object.entries(reading)) {
          for (const moment of [0, 1, 2, 5]) {
            const what = `${name} of ${bytes.byteLength} bytes, after ${moment} turns`
            const call = new AbortableCall<unknown>(what, options => read(store, id, options))
            await turn(moment)
            const pending = isPending(call.result)
            call.abort()
            if (await pending) await call.mustAbort()
          }
        }
        await isStored(store, id, bytes, 'afterwards')
      }
    },
  },
  'while-waiting': {
    title: 'a put that waits for its source blocks no other call, and rejects as soon as it is aborted',
    async run({ store, putSample }) {
      const { id } = await putSample(1000)
      const waiting = Array.from({ length: 12 }, (_, index) => {
        const source = stalledSource([sampleBytes(index % 2 === 0 ? 100 : 1_200_000, index + 2)])
        const put = new AbortableCall(`put ${index}`, options => store.put(source.stream, plain, options))
        return { source, put }
      })
      try {
        for (const { source, put } of waiting) await settles(source.stalled, `reading of the source of ${put.what}`)
        for (const [name, call] of Object.entries(everyCall)) {
          await settles(call(store, id, {}), `${name} beside puts that wait`)
        }
        for (const { source, put } of [...waiting.splice(5, 1), ...waiting]) {
          await put.mustAbort()
          await settles(source.whenCancelled, `cancelling the source of ${put.what}`)
        }
      } finally {
        for (const { source } of waiting)
          if (source.cancelled() === undefined) source.fail(new Error('the case is over'))
      }
      assert.deepEqual(await listedIds(store), [independentId(sampleBytes(9))])
    },
  },
  unanswered: {
    title: 'a call that the backend does not answer rejects with the reason as soon as its signal aborts',
    requires: ['stall'],
    async run({ store, putSample, during }) {
      const { id, bytes } = await putSample(3 * MiB)
      const large: Call = (_store, _id, options) => store.put(webStream(sampleBytes(2 * MiB, 5)), plain, options)
      await during('stall', async () => {
        for (const [name, ask] of Object.entries({ ...asking, 'put of a large stream': large })) {
          const call = new AbortableCall(name, options => ask(store, id, options))
          await turn(10)
          await call.mustAbort()
        }
      })
      // The delete may have been on its way.
      await store.put(bytes, plain)
      await isStored(store, id, bytes, 'when it answers again')
    },
  },
  'mid-stream': {
    title: 'a stream whose signal aborts fails with the reason, however far its reader is',
    async run({ store, streamSample }) {
      const { id, bytes } = await streamSample(3 * MiB)
      for (const chunksRead of [0, 1, 2]) {
        const abort = new AbortController()
        const reason = new Error(`after ${chunksRead} chunks`)
        const { body } = await store.stream(id, { signal: abort.signal })
        const reader = body.getReader()
        for (let read = 0; read < chunksRead; read++) await reader.read()
        await turn(5)
        abort.abort(reason)
        await rejectsWithReason(reader.read(), reason, reason.message)
      }
      sameBytes(await readAll((await store.stream(id)).body), bytes, 'afterwards')
    },
  },
  'mid-stream-releases': {
    title: 'a stream whose signal aborts releases its handles, even if nobody reads on',
    async run({ store, streamSample }) {
      const { id } = await streamSample(3 * MiB)
      const abandon = async (round: number) => {
        const abort = new AbortController()
        const { body } = await store.stream(id, { signal: abort.signal })
        const reader = body.getReader()
        if (round % 2 === 0) await reader.read()
        await turn(1)
        abort.abort()
        return reader
      }
      for (let round = 0; round < 4; round++) await abandon(round)
      const before = await openHandles()
      const readers: unknown[] = []
      for (let round = 0; round < 40; round++) readers.push(await abandon(round))
      await handlesAreClosed(before, 10, `after ${readers.length} aborted streams`)
    },
  },
  'mid-list': {
    title: 'a listing whose signal aborts fails with the reason at the next step',
    async run({ store, putSample }) {
      for (let seed = 0; seed < 5; seed++) await putSample(30, seed)
      const abort = new AbortController()
      const reason = new Error('enough')
      let seen = 0
      const listing = (async () => {
        for await (const _ of store.list({ signal: abort.signal })) {
          seen++
          abort.abort(reason)
        }
      })()
      await rejectsWithReason(listing, reason, 'list')
      assert.equal(seen, 1)
      assert.equal((await listedIds(store)).length, 5)
    },
  },
  'after-the-end': {
    title: 'an abort after a call has ended changes nothing, and no call leaves listeners on its signal',
    async run({ store }) {
      const abort = new AbortController()
      const { signal } = abort
      const bytes = sampleBytes(200_000)
      const { id } = await store.put(bytes, plain, { signal })
      for (let round = 0; round < 20; round++) {
        await store.put(webStream(bytes), plain, { signal })
        await store.get(id, { signal })
        await store.stat(id, { signal })
        await collect(store.list({ signal }))
        await readAll((await store.stream(id, { signal })).body)
        await (await store.stream(id, { signal })).body.cancel()
        await store.delete(independentId(sampleBytes(round)), { signal })
      }
      await turn(1)
      const listeners = getEventListeners(signal, 'abort').length
      assert.ok(listeners <= 5, `${listeners} listeners are left on the signal after 140 calls`)
      abort.abort()
      await isStored(store, id, bytes, 'after the abort')
    },
  },
})
