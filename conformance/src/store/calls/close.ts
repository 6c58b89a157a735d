import assert from 'node:assert/strict'
import type { AttachmentStore } from '@lash/attachments-core'
import { caseGroup, type StoreCase } from '../../case.ts'
import { StoreProcess } from '../../child/store-process.ts'
import { provided } from '../../run/context.ts'
import { hasCode, isStored, listedIds, rejectsWith, settles } from '../../run/expect.ts'
import { handlesAreClosed, openHandles } from '../../run/open-handles.ts'
import {
  collect,
  independentId,
  readUntilFailure,
  sampleBytes,
  stalledSource,
  turn,
  webStream,
} from '../../run/samples.ts'

const plain = { mediaType: 'application/octet-stream' }

export const closeCases: readonly StoreCase[] = caseGroup('store', 'close', [
  {
    name: 'idempotent',
    title: 'close may be called again and at the same time, and by async dispose',
    async run(context) {
      const { store } = await context.create()
      await store.put(sampleBytes(10), plain)
      await Promise.all([store.close(), store.close(), store[Symbol.asyncDispose]()])
      await store.close()
      await store[Symbol.asyncDispose]()
    },
  },
  {
    name: 'of-an-unused-store',
    title: 'a store that was never used can be closed',
    async run(context) {
      const { store } = await context.create()
      await store.close()
    },
  },
  {
    name: 'use-after-close',
    title: 'after close every call is a closed error, whatever its arguments',
    async run(context) {
      const { store } = await context.create()
      const { id } = await store.put(sampleBytes(10), plain)
      await store.close()
      await everyCallIsClosed(store, id)
      await everyCallIsClosed(store, '../malformed')
    },
  },
  {
    name: 'use-as-it-closes',
    title: 'from the moment close is called, every new call is a closed error',
    async run(context) {
      const { store } = await context.create()
      const { id } = await store.put(sampleBytes(10), plain)
      const closing = store.close()
      await everyCallIsClosed(store, id)
      await closing
    },
  },
  {
    name: 'work-in-flight',
    title: 'calls in flight settle before close does: a put that succeeded is there, one that failed says so',
    async run(context) {
      const fixture = await context.create()
      const all = Array.from({ length: 12 }, (_, index) => sampleBytes(1000 + index * 100_000, index + 1))
      let settled = 0
      const putting = all.map((bytes, index) =>
        fixture.store
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
      await fixture.store.close()
      assert.equal(settled, all.length, 'close resolved while puts were in flight')
      const succeeded = await Promise.all(putting)
      if (!context.has('reopen')) return
      const store = context.use(await provided(fixture.reopen, 'reopen').call(fixture))
      for (const [index, bytes] of all.entries()) {
        if (succeeded[index]) await isStored(store, independentId(bytes), bytes, `put ${index}`)
      }
    },
  },
  {
    name: 'stalled-source',
    title:
      'close does not wait for a source that gives nothing more: its put fails with a closed error, and it is told',
    async run(context) {
      const { store } = await context.create()
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
  {
    name: 'open-streams',
    title:
      'a stream that is open when its store is closed fails with a closed error; close does not wait for its reader',
    async run(context) {
      const { store } = await context.create()
      const { id } = await store.put(webStream(sampleBytes(3_000_000)), plain)
      const unread = await store.stream(id)
      const begun = await store.stream(id)
      const reader = begun.body.getReader()
      await reader.read()
      const { id: emptyId } = await store.put(sampleBytes(100), plain)
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
  {
    name: 'open-streams-release',
    title: 'streams that are open when their store is closed release what they held, also when nobody reads on',
    async run(context) {
      const { store } = await context.create()
      const { id } = await store.put(webStream(sampleBytes(3_000_000)), plain)
      const before = await openHandles()
      const streams: unknown[] = []
      for (let round = 0; round < 30; round++) streams.push(await store.stream(id))
      await store.close()
      await handlesAreClosed(before, 8, `of ${streams.length} streams`)
    },
  },
  {
    name: 'open-listing',
    title: 'a listing that is open when its store is closed fails with a closed error at the next step',
    async run(context) {
      const { store } = await context.create()
      for (let seed = 0; seed < 3; seed++) await store.put(sampleBytes(20, seed), plain)
      const listing = store.list()[Symbol.asyncIterator]()
      await listing.next()
      const closing = store.close()
      await rejectsWith(listing.next(), 'closed', 'the next step')
      await closing
    },
  },
  {
    name: 'other-instance-stays-open',
    title: 'closing one instance leaves another over the same data open',
    requires: ['reopen'],
    async run(context) {
      const fixture = await context.create()
      const bytes = sampleBytes(1000)
      const { id } = await fixture.store.put(bytes, plain)
      const other = context.use(await provided(fixture.reopen, 'reopen').call(fixture))
      await fixture.store.close()
      await isStored(other, id, bytes, 'by the other')
      await other.put(sampleBytes(999), plain)
    },
  },
  {
    name: 'opened-at-once',
    title: 'instances that open the same new place at the same time all work',
    requires: ['reopen'],
    async run(context) {
      const fixture = await context.create()
      const opening = Array.from({ length: 6 }, () => provided(fixture.reopen, 'reopen').call(fixture))
      const stores = (await Promise.all(opening)).map(store => context.use(store))
      await Promise.all([fixture.store, ...stores].map((store, index) => store.put(sampleBytes(50, index), plain)))
      assert.equal((await listedIds(fixture.store)).length, 7)
    },
  },
  {
    name: 'opened-at-once-by-processes',
    title: 'processes that open the same new place at the same time all work',
    requires: ['child', 'durable'],
    async run(context) {
      const fixture = await context.create()
      const child = provided(fixture.child, 'child')
      const processes = await Promise.all([StoreProcess.start(child), StoreProcess.start(child)])
      for (const started of processes) context.use(started)
      const put = (started: StoreProcess, seed: number) =>
        started.call({ op: 'put-all', samples: [{ length: 50, seed }] })
      await Promise.all([fixture.store.put(sampleBytes(50, 9), plain), ...processes.map(put)])
      assert.equal((await listedIds(fixture.store)).length, 3)
    },
  },
  {
    name: 'injected-stays-open',
    title: 'a handle or pool that was given to the store is still open after close; it belongs to who opened it',
    requires: ['injected'],
    async run(context) {
      const { store, injected } = await context.create()
      await store.put(sampleBytes(10), plain)
      await store.close()
      assert.ok(await provided(injected, 'injected').isOpen(), 'the handle was closed')
    },
  },
])

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
