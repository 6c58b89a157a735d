import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import {
  AttachmentBackendError,
  AttachmentNotFoundError,
  type AttachmentStore,
  AttachmentStoreError,
} from '@lash/attachments-core'
import { caseGroup, type StoreCase } from '../../case.ts'
import type { StoreFixture } from '../../harness.ts'
import { provided } from '../../run/context.ts'
import { isStored, rejection, rejectsWith } from '../../run/expect.ts'
import { absentId, collect, sampleBytes, webStream } from '../../run/samples.ts'

const plain = { mediaType: 'application/octet-stream' }
/** What marks our errors for every copy of core in a program. */
const marker = Symbol.for('@lash/attachments.error')

export const errorCases: readonly StoreCase[] = caseGroup('store', 'errors', [
  {
    name: 'shape',
    title: 'an error has code, name, id and message, is an Error, and is known by isInstance of base and subclass only',
    async run(context) {
      const { store } = await context.create()
      const error = await rejection(store.get(absentId()), 'get of an unknown id resolved')
      assert.ok(error instanceof Error)
      assert.ok(AttachmentStoreError.isInstance(error), 'isInstance of the base class')
      assert.ok(AttachmentNotFoundError.isInstance(error), 'isInstance of its own class')
      assert.deepEqual([error.code, error.id, error.name], ['not_found', absentId(), 'AttachmentNotFoundError'])
      assert.equal(AttachmentBackendError.isInstance(error), false, 'isInstance of another class')
      assert.equal((error as unknown as Record<symbol, unknown>)[marker], 'not_found', 'known to other copies of core')
    },
  },
  {
    name: 'rejects-never-throws',
    title: 'bad arguments reject the promise; nothing is thrown at the caller before there is one',
    async run(context) {
      const { store } = await context.create()
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
  {
    name: 'denied-is-not-absent',
    title:
      'where access is denied, get, stream, stat and list fail and do not say that there is nothing; put and delete fail',
    requires: ['deny'],
    async run(context) {
      const fixture = await context.create()
      const bytes = sampleBytes(1000)
      const { id } = await fixture.store.put(bytes, plain)
      // A delete that fails may have begun: this one is not asked for again.
      const { id: doomed } = await fixture.store.put(sampleBytes(500), plain)
      const restore = await provided(fixture.deny, 'deny').call(fixture)
      try {
        await everyCallFails(fixture, id, doomed)
      } finally {
        await restore()
      }
      await isStored(fixture.store, id, bytes, 'when access is back')
      const { id: other } = await fixture.store.put(webStream(sampleBytes(2_000_000)), plain)
      await fixture.store.delete(other)
    },
  },
  {
    name: 'unreachable-is-not-absent',
    title: 'where the backend cannot be reached, every call fails with a cause, and works again when it can',
    requires: ['disconnect'],
    async run(context) {
      const fixture = await context.create()
      const bytes = sampleBytes(1000)
      const { id } = await fixture.store.put(bytes, plain)
      // A delete that fails may have begun: this one is not asked for again.
      const { id: doomed } = await fixture.store.put(sampleBytes(500), plain)
      const restore = await provided(fixture.disconnect, 'disconnect').call(fixture)
      try {
        await everyCallFails(fixture, id, doomed)
      } finally {
        await restore()
      }
      await isStored(fixture.store, id, bytes, 'when it is back')
      await fixture.store.put(sampleBytes(2_000_000), plain)
    },
  },
])

/** Every call must fail, with an error that says why and tells no secret. */
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
