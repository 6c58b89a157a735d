import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { AttachmentSignalOptions, AttachmentStore } from '@lash/attachments-core'
import { caseGroup, type StoreCase } from '../../case.ts'
import { provided } from '../../run/context.ts'
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
import { collect, independentId, readAll, sampleBytes, stalledSource, turn, webStream } from '../../run/samples.ts'

const plain = { mediaType: 'application/octet-stream' }
const MiB = 1024 * 1024

type Call = (store: AttachmentStore, id: string, options: AttachmentSignalOptions) => Promise<unknown>
const calls: Record<string, Call> = {
  prepare: (store, _id, options) => store.prepare(sampleBytes(9), options),
  'prepare of a stream': (store, _id, options) => store.prepare(webStream(sampleBytes(9)), options),
  put: (store, _id, options) => store.put(sampleBytes(9), plain, options),
  'put of a stream': (store, _id, options) => store.put(webStream(sampleBytes(9)), plain, options),
  get: (store, id, options) => store.get(id, options),
  stream: (store, id, options) => store.stream(id, options),
  stat: (store, id, options) => store.stat(id, options),
  list: (store, _id, options) => collect(store.list(options)),
  delete: (store, id, options) => store.delete(id, options),
}

export const abortCases: readonly StoreCase[] = caseGroup('store', 'abort', [
  {
    name: 'already-aborted',
    title: 'with a signal that has aborted, every call rejects with its very reason and does nothing',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(1000)
      const { id } = await store.put(bytes, plain)
      const reasons = [new Error('mine'), new DOMException('late', 'TimeoutError'), 'a string', { code: 7 }]
      for (const reason of reasons) {
        const signal = AbortSignal.abort(reason)
        for (const [name, call] of Object.entries(calls)) {
          await rejectsWithReason(call(store, id, { signal }), reason, name)
        }
      }
      await isStored(store, id, bytes, 'what was there')
      assert.deepEqual(await listedIds(store), [id])
    },
  },
  {
    name: 'mid-put',
    title: 'a put that is aborted while its source waits rejects with the reason at once, and its source is told',
    async run(context) {
      const { store } = await context.create()
      for (const length of [1000, 3 * MiB]) {
        const bytes = sampleBytes(length)
        const source = stalledSource([bytes])
        const abort = new AbortController()
        const putting = store.put(source.stream, plain, { signal: abort.signal })
        putting.catch(() => {})
        await source.stalled
        const reason = new Error('enough')
        abort.abort(reason)
        await rejectsWithReason(putting, reason, `after ${length} bytes`)
        await source.whenCancelled
        await isAbsent(store, independentId(bytes), `after ${length} bytes`)
        await store.put(webStream(bytes), plain)
        await isStored(store, independentId(bytes), bytes, 'put again')
      }
    },
  },
  {
    name: 'mid-put-leaves-no-litter',
    title: 'an aborted put leaves nothing staged',
    requires: ['staging'],
    async run(context) {
      const fixture = await context.create()
      const source = stalledSource([sampleBytes(3 * MiB)])
      const abort = new AbortController()
      const putting = fixture.store.put(source.stream, plain, { signal: abort.signal })
      putting.catch(() => {})
      await source.stalled
      abort.abort()
      await assert.rejects(putting, { name: 'AbortError' })
      await nothingStaged(fixture, 'after the abort')
    },
  },
  {
    name: 'put-at-any-moment',
    title:
      'a put that is aborted at any moment has stored all of it or nothing, and rejects with the reason or not at all',
    async run(context) {
      const { store } = await context.create()
      for (const length of [1000, 2 * MiB]) {
        for (let turns = 0; turns < 12; turns++) {
          const bytes = sampleBytes(length, turns + 1)
          const abort = new AbortController()
          const reason = new Error(`after ${turns} turns`)
          const putting = store.put(webStream(bytes), plain, { signal: abort.signal }).then(
            () => undefined,
            (error: unknown) => ({ error }),
          )
          for (let waited = 0; waited < turns; waited++) await turn()
          abort.abort(reason)
          const failed = await putting
          const id = independentId(bytes)
          if (failed === undefined) await isStored(store, id, bytes, reason.message)
          else assert.ok(failed.error === reason, `rejected with ${String(failed.error)}`)
          // The write may already have been on its way: then it is there, whole.
          if ((await store.stat(id)) !== undefined) await isStored(store, id, bytes, reason.message)
        }
      }
    },
  },
  {
    name: 'put-beside-others',
    title: 'an aborted put does not harm another put of the same bytes',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(2 * MiB)
      for (let round = 0; round < 4; round++) {
        const abort = new AbortController()
        const aborted = store.put(webStream(bytes), plain, { signal: abort.signal })
        const other = store.put(webStream(bytes), plain)
        for (let waited = 0; waited < round * 3; waited++) await turn()
        abort.abort()
        await aborted.catch(() => {})
        const { id } = await other
        await isStored(store, id, bytes, `round ${round}`)
        await store.delete(id)
      }
    },
  },
  {
    name: 'mid-get',
    title:
      'a get, stat, list or delete that is aborted on its way rejects with the reason or is done; the store stays usable',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(2 * MiB)
      const { id } = await store.put(bytes, plain)
      for (const name of ['get', 'stream', 'stat', 'list', 'delete']) {
        for (let turns = 0; turns < 3; turns++) {
          const abort = new AbortController()
          const reason = new Error(name)
          const calling = (calls[name] as Call)(store, id, { signal: abort.signal }).catch(error => {
            assert.ok(error === reason, `${name} rejected with ${String(error)}`)
          })
          for (let waited = 0; waited < turns; waited++) await turn()
          abort.abort(reason)
          await calling
          await store.put(bytes, plain)
          await isStored(store, id, bytes, `after ${name}`)
        }
      }
    },
  },
  {
    name: 'signal-during-get',
    title: 'a get, stream or stat whose signal aborts before it has settled rejects with the reason, of whatever size',
    async run(context) {
      const { store } = await context.create()
      const all = [sampleBytes(1000), sampleBytes(300_000), sampleBytes(3 * MiB), new Uint8Array(2 * MiB).fill(7)]
      for (const bytes of all) {
        const { id } = await store.put(bytes, { mediaType: 'text/plain' })
        for (const name of ['get', 'stream', 'stat']) {
          for (const turns of [0, 1, 2, 5]) {
            const abort = new AbortController()
            const reason = new Error(`${name} of ${bytes.byteLength} bytes, after ${turns} turns`)
            const calling = (calls[name] as Call)(store, id, { signal: abort.signal })
            calling.catch(() => {})
            for (let waited = 0; waited < turns; waited++) await turn()
            const pending = isPending(calling)
            abort.abort(reason)
            if (await pending) await rejectsWithReason(settles(calling, reason.message), reason, reason.message)
          }
        }
        await isStored(store, id, bytes, 'afterwards')
      }
    },
  },
  {
    name: 'while-waiting',
    title:
      'a put that waits, for its source or for others that wait, holds nobody up and rejects as soon as it is aborted',
    async run(context) {
      const { store } = await context.create()
      const { id } = await store.put(sampleBytes(1000), plain)
      const waiting = Array.from({ length: 12 }, (_, index) => {
        const source = stalledSource([sampleBytes(index % 2 === 0 ? 100 : 1_200_000, index + 2)])
        const abort = new AbortController()
        const putting = store.put(source.stream, plain, { signal: abort.signal })
        putting.catch(() => {})
        return { source, abort, putting, reason: new Error(`put ${index}`) }
      })
      try {
        for (const { source, reason } of waiting)
          await settles(source.stalled, `reading of the source of ${reason.message}`)
        for (const [name, call] of Object.entries(calls))
          await settles(call(store, id, {}), `${name} beside puts that wait`)
        for (const { source, abort, putting, reason } of [...waiting.splice(5, 1), ...waiting]) {
          abort.abort(reason)
          await rejectsWithReason(settles(putting, reason.message), reason, reason.message)
          await settles(source.whenCancelled, `cancelling the source of ${reason.message}`)
        }
      } finally {
        for (const { source, reason } of waiting) if (source.cancelled() === undefined) source.fail(reason)
      }
      assert.deepEqual(await listedIds(store), [independentId(sampleBytes(9))])
    },
  },
  {
    name: 'unanswered',
    title: 'a call that the backend does not answer rejects with the reason as soon as its signal aborts',
    requires: ['stall'],
    async run(context) {
      const fixture = await context.create()
      const { store } = fixture
      const bytes = sampleBytes(3 * MiB)
      const { id } = await store.put(bytes, plain)
      const large: Call = (_store, _id, options) => store.put(webStream(sampleBytes(2 * MiB, 5)), plain, options)
      const { prepare, 'prepare of a stream': _, ...answered } = calls
      const restore = await provided(fixture.stall, 'stall').call(fixture)
      try {
        for (const [name, call] of Object.entries({ ...answered, 'put of a large stream': large })) {
          const abort = new AbortController()
          const reason = new Error(name)
          const calling = call(store, id, { signal: abort.signal })
          calling.catch(() => {})
          for (let waited = 0; waited < 10; waited++) await turn()
          abort.abort(reason)
          await rejectsWithReason(settles(calling, name), reason, name)
        }
      } finally {
        await restore()
      }
      // The delete may have been on its way.
      await store.put(bytes, plain)
      await isStored(store, id, bytes, 'when it answers again')
    },
  },
  {
    name: 'mid-stream',
    title: 'a stream whose signal aborts fails with the reason, wherever its reader is',
    async run(context) {
      const { store } = await context.create()
      const bytes = sampleBytes(3 * MiB)
      const { id } = await store.put(webStream(bytes), plain)
      for (const chunksRead of [0, 1, 2]) {
        const abort = new AbortController()
        const reason = new Error(`after ${chunksRead} chunks`)
        const { body } = await store.stream(id, { signal: abort.signal })
        const reader = body.getReader()
        for (let read = 0; read < chunksRead; read++) await reader.read()
        for (let waited = 0; waited < 5; waited++) await turn()
        abort.abort(reason)
        await rejectsWithReason(reader.read(), reason, reason.message)
      }
      sameBytes(await readAll((await store.stream(id)).body), bytes, 'afterwards')
    },
  },
  {
    name: 'mid-stream-releases',
    title: 'a stream whose signal aborts releases what it held, also when nobody reads on',
    async run(context) {
      const { store } = await context.create()
      const { id } = await store.put(webStream(sampleBytes(3 * MiB)), plain)
      const abandon = async (round: number) => {
        const abort = new AbortController()
        const { body } = await store.stream(id, { signal: abort.signal })
        const reader = body.getReader()
        if (round % 2 === 0) await reader.read()
        await turn()
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
  {
    name: 'mid-list',
    title: 'a listing whose signal aborts fails with the reason at the next step',
    async run(context) {
      const { store } = await context.create()
      for (let seed = 0; seed < 5; seed++) await store.put(sampleBytes(30, seed), plain)
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
  {
    name: 'after-the-end',
    title: 'an abort after a call has ended changes nothing, and no call leaves listeners on its signal',
    async run(context) {
      const { store } = await context.create()
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
      await turn()
      const listeners = getEventListeners(signal, 'abort').length
      assert.ok(listeners <= 5, `${listeners} listeners are left on the signal after 140 calls`)
      abort.abort()
      await isStored(store, id, bytes, 'after the abort')
    },
  },
])
