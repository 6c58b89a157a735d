import assert from 'node:assert/strict'
import type { AttachmentMeta, AttachmentStore } from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import { hasCode, isStored, sameBytes, settles } from '../../run/expect.ts'
import { collect, plain, sampleBytes, stalledSource, turn, webStream } from '../../run/samples.ts'
import { AbortableCall } from '../calls/abortable-call.ts'
import { type StoreUnderTest, storeGroup } from '../store-under-test.ts'
import { allOrNothing, allShow } from './looks.ts'
import { begun, momentsOf, settling } from './moments.ts'

/** Calls that begin one after the other, at every stage of each other, and readers that look on meanwhile. */
export const staggeredCases: readonly StoreCase[] = storeGroup('staggered', {
  'reader-after-the-first-put': {
    title: 'from the moment the first of several puts of the same bytes has resolved, every reader finds all of them',
    async run(tested) {
      const { store } = tested
      const other = await anotherInstance(tested)
      for (const { bytes, moment } of await rounds(store, 3, 2)) {
        const first = begun(store.put(bytes, plain))
        await turn(moment)
        const all = [first, other.put(webStream(bytes), plain), store.put(bytes, plain)]
        const rest = settling(Promise.all(all))
        await Promise.any(all)
        for (let look = 0; look < 2 || !rest.done; look++) {
          await allShow(look % 2 === 0 ? store : other, bytes, `look ${look}, others began after ${moment} turns`)
          await turn()
        }
        await rest.result
      }
    },
  },
  'abort-beside-a-put': {
    title: 'an abort, at any stage of a put, takes nothing from another put of the same bytes',
    async run(tested) {
      const { store } = tested
      const other = await anotherInstance(tested)
      for (const { bytes, moment, round } of await rounds(store, 5, 4)) {
        const body = () => (round % 2 === 0 ? bytes : webStream(bytes))
        const doomed = (instance: AttachmentStore) =>
          new AbortableCall(`round ${round}`, options => instance.put(body(), plain, options))
        const before = [doomed(store), doomed(other)]
        await turn(round % 3)
        const sure = begun(store.put(bytes, plain))
        await turn(moment)
        const after = [doomed(store), doomed(other)]
        // By turns the abort comes when that put has resolved, and somewhere on its way.
        if (round % 2 === 0) await sure
        await Promise.all([...before, ...after].map(put => put.mayAbort()))
        await sure
        await allShow(other, bytes, `aborted after ${moment} turns`)
        await allShow(store, bytes, `aborted after ${moment} turns`)
      }
    },
  },
  'abort-of-a-repeated-put': {
    title: 'an abort, at any stage of a put of bytes that are there, leaves them and their metadata there, throughout',
    async run(tested) {
      const { store, has } = tested
      const other = await anotherInstance(tested)
      for (const { bytes, moment, round } of await rounds(store, 3, 3)) {
        const { id } = await store.put(bytes, { ...plain, label: 'first' })
        const body = round % 2 === 0 ? bytes : webStream(bytes)
        const again = new AbortableCall(`round ${round}`, options => other.put(body, { ...plain, width: 1 }, options))
        const looking = begun(allShow(store, bytes, 'meanwhile'))
        await turn(moment)
        await again.mayAbort()
        await looking
        await allShow(other, bytes, `aborted after ${moment} turns`)
        if (!has('metadata-of-first-put')) continue
        assert.deepEqual(await store.stat(id), { id, byteLength: bytes.byteLength, ...plain, label: 'first' })
      }
    },
  },
  'read-during-a-delete': {
    title: 'a read that begins at any stage of a delete shows all of the blob or nothing of it, and no half of a pair',
    async run(tested) {
      const { store } = tested
      const other = await anotherInstance(tested)
      for (const { bytes, round } of await rounds(store, 2, 2)) {
        const { id } = await store.put(bytes, { ...plain, label: 'a name', width: 3 })
        const looks = [begun(allOrNothing(store, bytes))]
        if (round % 2 === 0) await turn()
        const deleting = settling(other.delete(id))
        for (let look = 0; look < 3 || (!deleting.done && look < 40); look++) {
          looks.push(begun(allOrNothing(look % 2 === 0 ? store : other, bytes)))
          await turn()
        }
        await deleting.result
        await Promise.all(looks)
        const after = await allOrNothing(store, bytes)
        assert.deepEqual(after, { stat: false, get: false, stream: false, list: false }, 'afterwards')
      }
    },
  },
  'put-during-a-delete': {
    title:
      'a put that begins when a delete is under way stores all or nothing; one that begins later stores all, for good',
    async run(tested) {
      const { store } = tested
      const other = await anotherInstance(tested)
      for (const { bytes, moment } of await rounds(store, 3, 2)) {
        const { id } = await store.put(bytes, plain)
        const deleting = begun(other.delete(id))
        await turn(moment)
        const putting = store.put(bytes, plain)
        const looking = allOrNothing(other, bytes)
        await Promise.all([deleting, putting, looking])
        await allOrNothing(store, bytes)
        await other.put(bytes, plain)
        await allShow(store, bytes, `put again, the first began ${moment} turns after the delete`)
        await turn(Math.max(moment, 10))
        await allShow(store, bytes, 'some time later')
      }
    },
  },
  'different-metadata': {
    title:
      'of overlapping puts with different metadata, every call shows that of one of them, whole; one of them stays',
    requires: ['metadata-of-first-put'],
    async run(tested) {
      const { store } = tested
      const other = await anotherInstance(tested)
      for (const { bytes, moment } of await rounds(store, 3, 2)) {
        const metas = [
          { mediaType: 'text/plain', label: 'first' },
          { mediaType: 'image/png', width: 1, height: 2 },
        ] as const
        const first = begun(store.put(bytes, metas[0]))
        await turn(moment)
        const both = [first, other.put(bytes, metas[1])] as const
        const { id } = await Promise.any(both)
        const possible = metas.map(meta => ({ id, byteLength: bytes.byteLength, ...meta }))
        const isOne = (seen: AttachmentMeta | undefined, what: string) =>
          assert.deepEqual(
            seen,
            possible.find(({ mediaType }) => mediaType === seen?.mediaType),
            `${what} shows the metadata of neither put`,
          )
        for (const instance of [store, other]) {
          isOne(await instance.stat(id), 'stat, when one has resolved,')
          isOne((await instance.get(id)).meta, 'get, when one has resolved,')
        }
        await Promise.all(both)
        const last = await store.stat(id)
        isOne(last, 'stat afterwards')
        await store.put(bytes, { mediaType: 'text/csv' })
        for (const [name, instance] of Object.entries({ store, other })) {
          assert.deepEqual(await instance.stat(id), last, `${name}: stat has changed`)
          assert.deepEqual((await instance.get(id)).meta, last, `${name}: get has changed`)
        }
      }
    },
  },
  'read-during-a-heal': {
    title:
      'while a put replaces damaged bytes or metadata, a read gives all or a typed error, and never says not found',
    requires: ['damage:truncate', 'damage:damage-metadata'],
    async run(tested) {
      const { store, corrupt } = tested
      const other = await anotherInstance(tested)
      for (const { bytes, moment, round } of await rounds(store, 2, 2)) {
        const { id } = await store.put(bytes, plain)
        await corrupt(id, round % 2 === 0 ? 'truncate' : 'damage-metadata')
        const healing = settling(Promise.all([store.put(bytes, plain), other.put(webStream(bytes), plain)]))
        await turn(moment)
        do {
          await other.get(id).then(
            stored => sameBytes(stored.bytes, bytes, 'get'),
            error => hasCode(error, ['corrupt', 'missing_meta', 'metadata_decode'], 'get'),
          )
          // A session asks for the metadata of what it lists.
          const listed = await collect(other.list({ prefix: id })).catch(error => {
            hasCode(error, ['missing_meta', 'metadata_decode'], 'list')
          })
          assert.equal(listed?.length ?? 1, 1, 'list shows it once')
          await turn()
        } while (!healing.done)
        await healing.result
        await allShow(other, bytes, 'healed')
      }
    },
  },
  'another-opens': {
    title: 'an instance that is opened, used and closed while another has a put under way does not harm that put',
    requires: ['reopen'],
    async run({ store, reopen }) {
      const use = async () => {
        const late = await reopen()
        await late.put(sampleBytes(50, 999), plain)
        await collect(late.list())
        await late.close()
      }
      const large = sampleBytes(3_000_000, 7)
      const source = stalledSource([large.slice(0, 1_500_000), large.slice(1_500_000)])
      const streaming = begun(store.put(source.stream, plain))
      await settles(source.stalled, 'reading of the source')
      await use()
      source.finish()
      await streaming
      await allShow(store, large, 'the stream that was half read')
      for (const { bytes, moment } of await rounds(store, 0, 3)) {
        const putting = begun(store.put(bytes, plain))
        await turn(moment)
        await use()
        await putting
        await allShow(store, bytes, `another opened after ${moment} turns`)
      }
    },
  },
  'another-closes': {
    title: 'an instance that closes, with calls under way, ends no call of another over the same data',
    requires: ['reopen'],
    async run({ store, reopen, streamSample }) {
      const stored = await streamSample(1_000_000, 3)
      for (const { bytes, moment } of await rounds(store, 2, 2)) {
        const other = await reopen()
        const leaving = Promise.allSettled([other.put(bytes, plain), other.get(stored.id), other.stat(stored.id)])
        const staying = begun(
          Promise.all([
            store.put(bytes, plain),
            isStored(store, stored.id, stored.bytes, 'meanwhile'),
            collect(store.list()),
          ]),
        )
        await turn(moment)
        await other.close()
        await Promise.all([leaving, staying])
        await allShow(store, bytes, `the other closed after ${moment} turns`)
      }
    },
  },
})

/** Another instance over the same data, where the harness has one; else the same. */
async function anotherInstance({ store, reopen, has }: StoreUnderTest): Promise<AttachmentStore> {
  return has('reopen') ? reopen() : store
}

interface Round {
  readonly round: number
  /** New to the store. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** How many turns later the second call begins, or the first is aborted. */
  readonly moment: number
}

/** Rounds at moments spread over what a put of a row takes, and over what one of several chunks takes. */
async function rounds(store: AttachmentStore, small: number, large: number): Promise<Round[]> {
  const all: Round[] = []
  for (const [length, count] of [[1000, small] as const, [300_000, large] as const]) {
    if (count === 0) continue
    const moments = await momentsOf(() => store.put(sampleBytes(length, 1000), plain), count)
    for (const moment of moments) {
      const round = all.length
      all.push({ round, moment, bytes: sampleBytes(length, 2000 + round) })
    }
  }
  return all
}
