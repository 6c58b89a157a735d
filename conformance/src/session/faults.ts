import assert from 'node:assert/strict'
import { AttachmentClosedError, AttachmentNotFoundError } from '@lash/attachments-core'
import { caseGroup, type SessionCase } from '../case.ts'
import { intercepted, stoppedBefore } from './gates.ts'
import {
  assertAbsent,
  assertReads,
  blobsOf,
  gateOf,
  hold,
  idOf,
  inBackground,
  put,
  sessionOf,
  sweep,
  takeOverSweep,
} from './steps.ts'

export const faultCases: readonly SessionCase[] = caseGroup('session', 'faults and close', [
  {
    name: 'moved-while-reading',
    title: 'a read during which a sweep takes the bytes and the session puts them again reads the new copy',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const reading = sessionOf({ store: stoppedBefore(store, 'get', gate), manifest }, 'session')
      const writing = sessionOf({ store, manifest }, 'session')
      await put(writing, 'a')
      const got = inBackground(reading.get(idOf('a')))
      await gate.reached
      await sweep({ store, manifest })
      assert.equal((await hold(writing, 'a')).generation, 1)
      gate.open()
      assert.equal(new TextDecoder().decode((await got).bytes), 'a')
    },
  },
  {
    name: 'gone-while-reading',
    title: 'a read during which a sweep takes the bytes finds nothing, once nobody holds them',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const reading = sessionOf({ store: stoppedBefore(store, 'get', gate), manifest }, 'session')
      await put(reading, 'a')
      const got = inBackground(reading.get(idOf('a')))
      await gate.reached
      await sweep({ store, manifest })
      gate.open()
      await assert.rejects(got, error => AttachmentNotFoundError.isInstance(error))
    },
  },
  {
    name: 'bytes-missing',
    title: 'bytes that are gone although the session holds a ref to them are not found, not an endless search',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      await hold(session, 'a')
      await store.delete(idOf('a'))
      await assert.rejects(session.get(idOf('a')), error => AttachmentNotFoundError.isInstance(error))
      assert.equal(await session.stat(idOf('a')), undefined)
      await hold(session, 'a')
      await assertReads(session, 'a', 'healed by putting it again')
    },
  },
  {
    name: 'delete-fails-midway',
    title: 'a delete that fails once it has let go is finished by a sweep, and the session does not read on',
    async run(context) {
      const { store, manifest } = await context.create()
      const cause = new Error('permission denied')
      const failing = intercepted(store, { delete: () => Promise.reject(cause) })
      const session = sessionOf({ store: failing, manifest }, 'session')
      await hold(session, 'a')
      await assert.rejects(session.delete(idOf('a')), error => error === cause)
      await assertAbsent(session, idOf('a'), 'let go of')
      await takeOverSweep({ store, manifest })
      assert.deepEqual(await blobsOf(store, ['a']), [])
    },
  },
  {
    name: 'delete-of-another-generation',
    title: 'deleting a generation that the session does not hold does nothing',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      await hold(session, 'a')
      await session.delete(idOf('a'), { generation: 1 })
      await assertReads(session, 'a', 'held at generation 0')
      await session.delete(idOf('a'), { generation: 0 })
      await assertAbsent(session, idOf('a'), 'deleted')
    },
  },
  {
    name: 'manifest-down',
    title: 'when the manifest fails, reads and commits fail with its error, and nothing is taken for absent',
    async run(context) {
      const { store, manifest } = await context.create()
      await hold(sessionOf({ store, manifest }, 'session'), 'a')
      const cause = new Error('the manifest is down')
      const down = intercepted(manifest, { lookup: () => Promise.reject(cause) })
      const session = sessionOf({ store, manifest: down }, 'session')
      await assert.rejects(session.get(idOf('a')), error => error === cause)
      await assert.rejects(session.stat(idOf('a')), error => error === cause)
    },
  },
  {
    name: 'closes-alone',
    title: 'closing the view of one session leaves the store, the manifest and other sessions open',
    async run(context) {
      const pair = await context.create()
      const closing = sessionOf(pair, 'session')
      await put(closing, 'a')
      await closing.close()
      await closing.close()
      const closed = (error: unknown) => AttachmentClosedError.isInstance(error)
      await assert.rejects(put(closing, 'b'), closed)
      await assert.rejects(closing.get(idOf('a')), closed)
      await assert.rejects(closing.commit(), closed)
      await assert.rejects(closing.release(), closed)
      const again = sessionOf(pair, 'session')
      await assertReads(again, 'a', 'in a new view of the same session')
      await hold(sessionOf(pair, 'other'), 'a')
    },
  },
])
