import assert from 'node:assert/strict'
import type { AttachmentListing, AttachmentMeta, AttachmentStore, StoredAttachment } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { provided } from '../../run/context.ts'
import { hasCode, isAbsent, isStored, listedIds, rejectsWith, sameBytes, settles } from '../../run/expect.ts'
import { handlesAreClosed, openHandles } from '../../run/open-handles.ts'
import {
  collect,
  independentId,
  plain,
  readAll,
  readUntilFailure,
  sampleBytes,
  stalledSource,
  turn,
  webStream,
} from '../../run/samples.ts'
import { soon } from '../../run/soon.ts'
import { begun } from '../races/moments.ts'
import { storeGroup } from '../store-under-test.ts'

export const closeCases: readonly StoreCase[] = storeGroup('close', {
  idempotent: {
    title: 'close may be called again, at the same time, and through async dispose',
    async run({ store, putSample }) {
      await putSample(10)
      await Promise.all([store.close(), store.close(), store[Symbol.asyncDispose]()])
      await store.close()
      await store[Symbol.asyncDispose]()
    },
  },
  'of-an-unused-store': {
    title: 'a store that was never used can be closed',
    async run({ store }) {
      await store.close()
    },
  },
  'use-after-close': {
    title: 'after close, every call fails with a closed error, whatever its arguments',
    async run({ store, putSample }) {
      const { id } = await putSample(10)
      await store.close()
      await everyCallIsClosed(store, id)
      await everyCallIsClosed(store, '../malformed')
    },
  },
  'use-as-it-closes': {
    title: 'from the moment close is called, every new call fails with a closed error',
    async run({ store, putSample }) {
      const { id } = await putSample(10)
      const closing = store.close()
      await everyCallIsClosed(store, id)
      await closing
    },
  },
  'work-in-flight': {
    title: 'close waits for puts in flight: one that succeeded is stored, one that failed has a closed error',
    async run({ store, reopen, has }) {
      const all = Array.from({ length: 12 }, (_, index) => sampleBytes(1000 + index * 100_000, index + 1))
      let settled = 0
      const putting = all.map((bytes, index) =>
        store
          .put(index % 2 === 0 ? bytes : webStream(bytes), plain)
          .then(
            () => true,
            error => {
              hasCode(error, ['closed'], 'a put that failed')
              return false
            },
          )
          .finally(() => settled++),
      )
      await turn()
      await store.close()
      // What has settled by now says so a few microtasks later.
      await turn()
      assert.equal(settled, all.length, 'close resolved while puts were in flight')
      const succeeded = await Promise.all(putting)
      if (!has('reopen')) return
      const again = await reopen()
      for (const [index, bytes] of all.entries()) {
        if (succeeded[index]) await isStored(again, independentId(bytes), bytes, `put ${index}`)
      }
    },
  },
  'calls-in-flight': {
    title: 'when close resolves, every call in flight has settled: it has done its work, or failed with a closed error',
    async run({ store, putSample, streamSample, reopen, has }) {
      const small = await putSample(1000, 1)
      const large = await streamSample(2_000_000, 2)
      const doomed = await Promise.all(Array.from({ length: 8 }, (_, seed) => putSample(300, 10 + seed)))
      const settled = new Set<string>()
      const outcomes = new Map<string, unknown>()
      const watch = (name: string, call: Promise<unknown>) =>
        begun(
          call
            .then(
              value => outcomes.set(name, value),
              error => hasCode(error, 'closed', name),
            )
            .finally(() => settled.add(name)),
        )
      const calls = [
        watch('get', store.get(large.id)),
        watch('get of few', store.get(small.id)),
        watch('stat', store.stat(small.id)),
        watch('stream', store.stream(large.id)),
        ...doomed.map(({ id }, index) => watch(`delete ${index}`, store.delete(id))),
      ]
      // Each step of a listing is a call of its own, and close does not wait for the one under way.
      const listing = watch('list', collect(store.list()))
      await store.close()
      await turn()
      settled.delete('list')
      assert.equal(settled.size, calls.length, 'close resolved while calls were in flight')
      await Promise.all([...calls, listing])
      const got = outcomes.get('get') as StoredAttachment | undefined
      if (got !== undefined) sameBytes(got.bytes, large.bytes, 'get')
      const stat = outcomes.get('stat') as AttachmentMeta | undefined
      if (outcomes.has('stat')) assert.equal(stat?.byteLength, 1000, 'stat')
      const listed = outcomes.get('list') as AttachmentListing[] | undefined
      if (listed !== undefined) assert.ok(listed.length >= 2, 'the listing ended early')
      if (!has('reopen') || !has('durable')) return
      const again = await reopen()
      await isStored(again, small.id, small.bytes, 'small')
      await isStored(again, large.id, large.bytes, 'large')
      for (const [index, { id, bytes }] of doomed.entries()) {
        if (outcomes.has(`delete ${index}`)) await isAbsent(again, id, `delete ${index} had resolved`)
        else if ((await again.stat(id)) !== undefined) await isStored(again, id, bytes, `delete ${index} had failed`)
      }
    },
  },
  'leaves-nothing-open': {
    title: 'close frees what the store has opened: files, sockets, timers and threads, however it was used',
    requires: ['reopen'],
    async run({ store, putSample, reopen }) {
      const { id } = await putSample(1000, 1)
      const useAndClose = async (round: number) => {
        const other = await reopen()
        if (round % 2 === 0) {
          await other.put(webStream(sampleBytes(1_200_000, 7)), plain)
          await other.put(sampleBytes(100, round), plain)
          await readAll((await other.stream(id)).body)
          await (await other.stream(id)).body.cancel()
        }
        for await (const _ of other.list()) break
        await other.close()
      }
      await useAndClose(0)
      await useAndClose(1)
      const before = await openHandles()
      const keptAlive = stillActive()
      // What outlives an instance may start a thread meanwhile, and that alone has seven handles.
      const rounds = 16
      for (let round = 0; round < rounds; round++) await useAndClose(round)
      await handlesAreClosed(before, rounds / 2, `after ${rounds} instances were closed`)
      const left = await soon(
        () => stillActive() - keptAlive,
        active => active < rounds / 2,
      )
      assert.ok(left < rounds / 2, `${left} timers, sockets or threads of ${rounds} closed instances are still active`)
      await store.stat(id)
    },
  },
  'stalled-source': {
    title: 'close does not wait for a stalled source: its put fails with a closed error, and the source is cancelled',
    async run({ store }) {
      const sources = [100, 3_000_000].flatMap(length => {
        const source = () => stalledSource([sampleBytes(length)])
        return [source(), source()]
      })
      const reading = sources.map(({ stream }, index) =>
        index % 2 === 0 ? store.put(stream, plain) : store.prepare(stream),
      )
      for (const promise of reading) promise.catch(() => {})
      try {
        for (const { stalled } of sources) await settles(stalled, 'reading of a source')
        await settles(store.close(), 'close')
        for (const promise of reading) await rejectsWith(promise, 'closed', 'a put whose source gave nothing more')
        for (const { whenCancelled } of sources) await settles(whenCancelled, 'cancelling a source')
      } finally {
        for (const source of sources) if (source.cancelled() === undefined) source.finish()
      }
    },
  },
  'open-streams': {
    title: 'a stream that is open when its store closes fails with a closed error; close does not wait for its reader',
    async run({ store, putSample, streamSample }) {
      const { id } = await streamSample(3_000_000)
      const unread = await store.stream(id)
      const begun = await store.stream(id)
      const reader = begun.body.getReader()
      await reader.read()
      const { id: emptyId } = await putSample(100)
      const small = await store.stream(emptyId, { end: 50 })
      await store.close()
      await rejectsWith(reader.read(), 'closed', 'a stream half read')
      for (const { body } of [unread, small]) {
        const { failed, error } = await readUntilFailure(body)
        assert.ok(failed, 'a stream not yet read ended as if all was well')
        hasCode(error, 'closed', 'a stream not yet read')
      }
    },
  },
  'open-streams-release': {
    title: 'streams that are open when their store closes release their handles, even if nobody reads on',
    async run({ store, streamSample }) {
      const { id } = await streamSample(3_000_000)
      const before = await openHandles()
      const streams: unknown[] = []
      for (let round = 0; round < 30; round++) streams.push(await store.stream(id))
      await store.close()
      await handlesAreClosed(before, 8, `of ${streams.length} streams`)
    },
  },
  'open-listing': {
    title: 'a listing that is open when its store closes fails with a closed error at the next step',
    async run({ store, putSample }) {
      for (let seed = 0; seed < 3; seed++) await putSample(20, seed)
      const listing = store.list()[Symbol.asyncIterator]()
      await listing.next()
      const closing = store.close()
      await rejectsWith(listing.next(), 'closed', 'the next step')
      await closing
    },
  },
  'other-instance-stays-open': {
    title: 'closing one instance leaves another over the same data open',
    requires: ['reopen'],
    async run({ store, putSample, reopen }) {
      const { id, bytes } = await putSample(1000)
      const other = await reopen()
      await store.close()
      await isStored(other, id, bytes, 'by the other')
      await other.put(sampleBytes(999), plain)
    },
  },
  'opened-at-once': {
    title: 'several instances may open the same new place at the same time',
    requires: ['reopen'],
    async run({ store, reopen }) {
      const stores = await Promise.all(Array.from({ length: 6 }, reopen))
      await Promise.all([store, ...stores].map((store, index) => store.put(sampleBytes(50, index), plain)))
      assert.equal((await listedIds(store)).length, 7)
    },
  },
  'opened-at-once-by-processes': {
    title: 'several processes may open the same new place at the same time',
    requires: ['child', 'crash-safe'],
    async run({ store, putSample, startProcess }) {
      const processes = await Promise.all([startProcess(), startProcess()])
      const puts = processes.map(({ remote }, seed) => remote.putAll([{ length: 50, seed }]))
      await Promise.all([putSample(50, 9), ...puts])
      assert.equal((await listedIds(store)).length, 3)
    },
  },
  'injected-stays-open': {
    title: 'close leaves open a handle or pool that the store was given: it belongs to whoever opened it',
    requires: ['injected'],
    async run({ store, fixture, putSample }) {
      await putSample(10)
      await store.close()
      assert.ok(await provided(fixture.injected, 'injected').isOpen(), 'the handle was closed')
    },
  },
})

/** How many things keep the process alive now: timers, sockets, servers, threads. 0 where the runtime cannot tell. */
function stillActive(): number {
  return process.getActiveResourcesInfo?.().length ?? 0
}

async function everyCallIsClosed(store: AttachmentStore, id: string): Promise<void> {
  await rejectsWith(store.put(sampleBytes(10), plain), 'closed', 'put')
  await rejectsWith(store.put(webStream(sampleBytes(10)), plain), 'closed', 'put of a stream')
  await rejectsWith(store.prepare(sampleBytes(10)), 'closed', 'prepare')
  await rejectsWith(store.get(id), 'closed', 'get')
  await rejectsWith(store.stream(id), 'closed', 'stream')
  await rejectsWith(store.stat(id), 'closed', 'stat')
  await rejectsWith(collect(store.list()), 'closed', 'list')
  await rejectsWith(store.delete(id), 'closed', 'delete')
}
