import assert from 'node:assert/strict'
import { AttachmentIntentExpiredError } from '@lash/attachments-core'
import { caseGroup, type SessionCase } from '../case.ts'
import { provided } from '../run/context.ts'
import { type Gate, intercepted, stoppedBefore } from './gates.ts'
import { assertReads, blobsOf, gateOf, hold, idOf, inBackground, put, sessionOf, sweep } from './steps.ts'

export const pendingCases: readonly SessionCase[] = caseGroup('session', 'commit', [
  {
    name: 'pending-until-marked',
    title: 'what was put is pending until it is marked as committed',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      assert.deepEqual(session.pendingManifestCommitIds(), [])
      const a = await put(session, 'a')
      const b = await put(session, 'b')
      await put(session, 'a')
      assert.deepEqual(session.pendingManifestCommitIds().sort(), [a.id, b.id].sort())
      assert.deepEqual(
        session
          .pendingRefs()
          .map(({ id }) => id)
          .sort(),
        [a.id, b.id].sort(),
      )
      session.markManifestCommitted([a.id, idOf('unknown'), 'not an id'])
      assert.deepEqual(session.pendingManifestCommitIds(), [b.id])
      session.markManifestCommitted([b.id])
      assert.deepEqual(session.pendingManifestCommitIds(), [])
      assert.deepEqual(session.pendingRefs(), [])
    },
  },
  {
    name: 'pending-of-each',
    title: 'what is pending in one session is not in another',
    async run(context) {
      const pair = await context.create()
      const first = sessionOf(pair, 'first')
      const second = sessionOf(pair, 'second')
      await put(first, 'a')
      assert.deepEqual(second.pendingRefs(), [])
      assert.deepEqual(await second.commit(), [])
      assert.equal((await first.commit()).length, 1)
    },
  },
  {
    name: 'not-in-flight',
    title: 'an id whose put is in flight is never pending, also when an earlier put of it was',
    async run(context) {
      const { store, manifest } = await context.create()
      let gate: Gate | undefined
      const slow = intercepted(store, {
        put: async call => {
          await gate?.pass()
          return call()
        },
      })
      const session = sessionOf({ store: slow, manifest }, 'session')
      const { id } = await put(session, 'a')
      assert.deepEqual(session.pendingManifestCommitIds(), [id])
      gate = gateOf(context)
      const putting = inBackground(put(session, 'a'))
      const another = inBackground(put(session, 'b'))
      await gate.reached
      assert.deepEqual(session.pendingManifestCommitIds(), [])
      gate.open()
      await Promise.all([putting, another])
      assert.deepEqual(session.pendingManifestCommitIds().sort(), [id, idOf('b')].sort())
    },
  },
  {
    name: 'commits-and-marks',
    title: 'commit commits what is pending, returns its refs, and leaves nothing pending',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      const refs = [await put(session, 'a'), await put(session, 'b')]
      const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
      assert.deepEqual((await session.commit()).sort(byId), refs.sort(byId))
      for (const { id } of refs) {
        assert.notEqual((await pair.manifest.lookup('session', id))?.committedAtEpochMs, undefined)
      }
      assert.deepEqual(session.pendingRefs(), [])
      assert.deepEqual(session.pendingManifestCommitIds(), [])
      assert.deepEqual(await session.commit(), [])
      assert.equal((await sweep(pair)).reclaimedCount, 0)
      await assertReads(session, 'a', 'after a sweep')
    },
  },
  {
    name: 'by-bare-ids',
    title: 'a host that keeps only ids commits the pending ones through the manifest, and marks them',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      await put(session, 'a')
      await sweep(pair)
      await put(session, 'a')
      const ids = session.pendingManifestCommitIds()
      assert.deepEqual(ids, [idOf('a')])
      await pair.manifest.commitRefs('session', ids)
      session.markManifestCommitted(ids)
      await sweep(pair)
      await assertReads(session, 'a', 'after a sweep')
    },
  },
  {
    name: 'put-during-commit',
    title: 'a put that ends while a commit is under way is pending afterwards, and not lost',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const slow = stoppedBefore(manifest, 'commitRefs', gate)
      const session = sessionOf({ store, manifest: slow }, 'session')
      await put(session, 'a')
      const committing = inBackground(session.commit())
      await gate.reached
      await put(session, 'b')
      gate.open()
      assert.deepEqual(
        (await committing).map(({ id }) => id),
        [idOf('a')],
      )
      assert.deepEqual(
        session.pendingRefs().map(({ id }) => id),
        [idOf('b')],
      )
      await session.commit()
      assert.notEqual((await manifest.lookup('session', idOf('b')))?.committedAtEpochMs, undefined)
    },
  },
  {
    name: 'after-a-sweep',
    title: 'a commit after a sweep took some of it is refused as a whole; putting again what it names makes it good',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      await put(session, 'taken')
      await sweep(pair)
      await put(session, 'there')
      await assert.rejects(session.commit(), error => {
        assert.ok(AttachmentIntentExpiredError.isInstance(error), `not AttachmentIntentExpiredError: ${error}`)
        assert.deepEqual(error.ids, [idOf('taken')])
        return true
      })
      assert.equal((await pair.manifest.lookup('session', idOf('there')))?.committedAtEpochMs, undefined)
      assert.equal(session.pendingRefs().length, 2, 'nothing was committed, so all of it is still pending')
      await put(session, 'taken')
      assert.equal((await session.commit()).length, 2)
      await sweep(pair)
      await assertReads(session, 'taken', 'committed in the end')
      await assertReads(session, 'there', 'committed in the end')
    },
  },
  {
    name: 'failing-commit',
    title: 'what a failing commit did not commit stays pending',
    async run(context) {
      const { store, manifest } = await context.create()
      const cause = new Error('the connection broke')
      let down = true
      const flaky = intercepted(manifest, { commitRefs: call => (down ? Promise.reject(cause) : call()) })
      const session = sessionOf({ store, manifest: flaky }, 'session')
      await put(session, 'a')
      await assert.rejects(session.commit(), error => error === cause)
      assert.deepEqual(session.pendingManifestCommitIds(), [idOf('a')])
      down = false
      assert.equal((await session.commit()).length, 1)
    },
  },
  {
    name: 'released-is-not-pending',
    title: 'what a session releases or deletes is not pending any more, and is not committed',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      for (const text of ['released', 'deleted', 'kept']) await put(session, text)
      await session.release([idOf('released')])
      await session.delete(idOf('deleted'))
      assert.deepEqual(
        (await session.commit()).map(({ id }) => id),
        [idOf('kept')],
      )
      await put(session, 'again')
      await session.release()
      assert.deepEqual(await session.commit(), [])
      await sweep(pair)
      assert.deepEqual(await blobsOf(pair.store, []), [])
    },
  },
  {
    name: 'in-transaction',
    title: "refs committed in the host's transaction are safe from sweeps exactly when it commits",
    requires: ['transaction'],
    async run(context) {
      const pair = await context.create()
      const begin = provided(pair.begin, 'begin')
      const session = sessionOf(pair, 'session')
      await put(session, 'a')
      const kept = await begin()
      await kept.commitRefs('session', session.pendingRefs())
      await kept.commit()
      session.markManifestCommitted([idOf('a')])
      await put(session, 'b')
      const undone = await begin()
      await undone.commitRefs('session', session.pendingRefs())
      await undone.rollback()
      assert.deepEqual(session.pendingManifestCommitIds(), [idOf('b')])
      assert.equal((await sweep(pair)).reclaimedCount, 1)
      await assertReads(session, 'a', 'committed with the host')
      assert.deepEqual(await blobsOf(pair.store, ['a', 'b']), ['a'])
    },
  },
  {
    name: 'after-reopen',
    title: 'what a session committed is read by another process that opens the same data later',
    requires: ['reopen', 'durable'],
    async run(context) {
      const pair = await context.create()
      await hold(sessionOf(pair, 'session'), 'a')
      const { store, manifest } = await provided(pair.reopen, 'reopen')()
      context.use(store)
      context.use(manifest)
      const again = sessionOf({ store, manifest }, 'session')
      await sweep({ store, manifest })
      await assertReads(again, 'a', 'through another instance')
    },
  },
])
