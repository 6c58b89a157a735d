import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import {
  AttachmentBackendError,
  AttachmentNotFoundError,
  type AttachmentStore,
  AttachmentStoreError,
} from '@lash/attachments-core'
import type { StoreCase } from '../../case.ts'
import type { StoreFixture } from '../../harness.ts'
import { isStored, rejection, rejectsWith } from '../../run/expect.ts'
import { absentId, collect, plain, sampleBytes, webStream } from '../../run/samples.ts'
import { allOrNothing } from '../races/looks.ts'
import { storeGroup } from '../store-under-test.ts'

/** Marks our errors, for every copy of core in a program. */
const marker = Symbol.for('@lash/attachments.error')

export const errorCases: readonly StoreCase[] = storeGroup('errors', {
  shape: {
    title: 'an error has code, name and id, and only isInstance of its own class and of the base class accepts it',
    async run({ store }) {
      const error = await rejection(store.get(absentId()), 'get of an unknown id resolved')
      assert.ok(error instanceof Error)
      assert.ok(AttachmentStoreError.isInstance(error), 'isInstance of the base class')
      assert.ok(AttachmentNotFoundError.isInstance(error), 'isInstance of its own class')
      assert.deepEqual([error.code, error.id, error.name], ['not_found', absentId(), 'AttachmentNotFoundError'])
      assert.equal(AttachmentBackendError.isInstance(error), false, 'isInstance of another class')
      assert.equal((error as unknown as Record<symbol, unknown>)[marker], 'not_found', 'known to other copies of core')
    },
  },
  'rejects-never-throws': {
    title: 'a call with bad arguments returns a promise that rejects; it never throws',
    async run({ store }) {
      const loose = store as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
      for (const method of ['put', 'prepare', 'get', 'stream', 'stat', 'delete']) {
        for (const given of [
          [],
          [undefined],
          [null],
          [{}, {}],
          ['', undefined],
          [7, 7],
          [Symbol('id')],
          [Object.create(null)],
        ]) {
          let promise: Promise<unknown> | undefined
          assert.doesNotThrow(() => {
            promise = loose[method]?.(...given)
          }, `${method} threw`)
          await promise?.catch(error => {
            assert.ok(AttachmentStoreError.isInstance(error), `${method} rejected with ${String(error)}`)
          })
        }
      }
    },
  },
  'denied-is-not-absent': {
    title: 'where access is denied, every call fails; none of them says that there is nothing',
    requires: ['deny'],
    async run({ store, fixture, putSample, streamSample, during }) {
      const { id, bytes } = await putSample(1000)
      const { id: doomed } = await putSample(500)
      await during('deny', () => everyCallFails(fixture, id, doomed))
      await isStored(store, id, bytes, 'when access is back')
      await refusedPutsLeftAllOrNothing(store)
      const { id: other } = await streamSample(2_000_000)
      await store.delete(other)
    },
  },
  'unreachable-is-not-absent': {
    title: 'while the backend cannot be reached, every call fails with a cause; afterwards they work again',
    requires: ['disconnect'],
    async run({ store, fixture, putSample, during }) {
      const { id, bytes } = await putSample(1000)
      const { id: doomed } = await putSample(500)
      await during('disconnect', () => everyCallFails(fixture, id, doomed))
      await isStored(store, id, bytes, 'when it is back')
      await refusedPutsLeftAllOrNothing(store)
      await putSample(2_000_000)
    },
  },
})

/** Of the puts of {@link everyCallFails}. */
async function refusedPutsLeftAllOrNothing(store: AttachmentStore): Promise<void> {
  for (const length of [999, 2_000_000]) await allOrNothing(store, sampleBytes(length))
}

/**
 * Fails unless every call fails with an error that has a cause and shows no secret.
 * @param doomed - is deleted, and not asked for again: a delete that fails may have begun.
 */
async function everyCallFails({ store, secrets = [] }: StoreFixture, id: string, doomed: string): Promise<void> {
  const calls: Record<string, (store: AttachmentStore) => Promise<unknown>> = {
    get: () => store.get(id),
    stream: async () => collect((await store.stream(id)).body),
    stat: () => store.stat(id),
    list: () => collect(store.list()),
    'put of what is there': () => store.put(sampleBytes(1000), plain),
    'put of something new': () => store.put(sampleBytes(999), plain),
    'put of a large stream': () => store.put(webStream(sampleBytes(2_000_000)), plain),
    delete: () => store.delete(doomed),
  }
  for (const [name, call] of Object.entries(calls)) {
    const error = await rejectsWith(call(store), ['io', 'backend'], name)
    assert.ok(error.cause !== undefined, `${name}: the error has no cause`)
    assert.ok(error.message.length > 10, `${name}: the message says nothing`)
    const shown = `${error.message} ${inspect(error, { depth: 8 })}`
    for (const secret of secrets) assert.ok(!shown.includes(secret), `${name}: the error shows a secret`)
  }
}
