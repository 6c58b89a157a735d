import assert from 'node:assert/strict'
import type { SessionCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { rejectsWithReason } from '../../run/expect.ts'
import { sessionGroup } from '../pair-under-test.ts'

export const pendingCases: readonly SessionCase[] = sessionGroup('commit', {
  'pending-until-marked': {
    title: 'what was put is pending until it is marked as committed',
    async run({ session }) {
      const writing = session()
      assert.deepEqual(writing.pendingManifestCommitIds(), [])
      for (const text of ['a', 'b', 'a']) await writing.putText(text)
      assert.deepEqual(writing.pendingIdTexts(), ['a', 'b'])
      assert.deepEqual(writing.pendingTexts(), ['a', 'b'])
      writing.markManifestCommitted([idOf('a'), idOf('unknown'), 'not an id'])
      assert.deepEqual(writing.pendingIdTexts(), ['b'])
      writing.markManifestCommitted([idOf('b')])
      assert.deepEqual(writing.pendingManifestCommitIds(), [])
      assert.deepEqual(writing.pendingRefs(), [])
    },
  },
  'pending-of-each': {
    title: 'what is pending in one session is not pending in another',
    async run({ session }) {
      const [first, second] = [session('first'), session('second')]
      await first.putText('a')
      assert.deepEqual(second.pendingRefs(), [])
      assert.deepEqual(await second.commit(), [])
      assert.equal((await first.commit()).length, 1)
    },
  },
  'not-in-flight': {
    title: 'an id whose put is in flight is never pending, even if an earlier put of it was',
    async run({ stoppable }) {
      const slow = stoppable('before put')
      const writing = slow.session()
      await writing.putText('a')
      assert.deepEqual(writing.pendingIdTexts(), ['a'])
      const putting = await slow.stallThere(() => Promise.all([writing.putText('a'), writing.putText('b')]))
      assert.deepEqual(writing.pendingManifestCommitIds(), [])
      await putting.goOn()
      assert.deepEqual(writing.pendingIdTexts(), ['a', 'b'])
    },
  },
  'commits-and-marks': {
    title: 'commit commits what is pending, returns its refs, and leaves nothing pending',
    async run({ session, sweep }) {
      const writing = session()
      const refs = [await writing.putText('a'), await writing.putText('b')]
      assert.deepEqual(new Set(await writing.commit()), new Set(refs))
      for (const text of ['a', 'b']) assert.ok(await writing.isCommitted(text))
      assert.deepEqual(writing.pendingRefs(), [])
      assert.deepEqual(writing.pendingManifestCommitIds(), [])
      assert.deepEqual(await writing.commit(), [])
      assert.equal((await sweep()).reclaimedCount, 0)
      await writing.mustRead('a', 'after a sweep')
    },
  },
  'by-bare-ids': {
    title: 'a host that keeps only ids commits the pending ones through the manifest, and marks them',
    async run({ manifest, session, sweep }) {
      const writing = session()
      await writing.putText('a')
      await sweep()
      await writing.putText('a')
      const ids = writing.pendingManifestCommitIds()
      assert.deepEqual(ids, [idOf('a')])
      await manifest.commitRefs(writing.sessionId, ids)
      writing.markManifestCommitted(ids)
      await sweep()
      await writing.mustRead('a', 'after a sweep')
    },
  },
  'put-during-commit': {
    title: 'a put that ends while a commit is under way is pending afterwards, and not lost',
    async run({ stoppable }) {
      const slow = stoppable('before commitRefs')
      const writing = slow.session()
      await writing.putText('a')
      const committing = await slow.stallThere(() => writing.commit())
      await writing.putText('b')
      const committed = await committing.goOn()
      assert.deepEqual(
        committed.map(({ id }) => id),
        [idOf('a')],
      )
      assert.deepEqual(writing.pendingTexts(), ['b'])
      await writing.commit()
      assert.ok(await writing.isCommitted('b'))
    },
  },
  'after-a-sweep': {
    title: 'a commit of which a sweep took a part is refused as a whole, and succeeds when that part is put again',
    async run({ session, sweep }) {
      const writing = session()
      await writing.putText('taken')
      await sweep()
      await writing.putText('there')
      await writing.mustRefuse('taken')
      assert.ok(!(await writing.isCommitted('there')))
      assert.equal(writing.pendingRefs().length, 2, 'nothing was committed, so all of it is still pending')
      await writing.putText('taken')
      assert.equal((await writing.commit()).length, 2)
      await sweep()
      await writing.mustRead('taken', 'committed in the end')
      await writing.mustRead('there', 'committed in the end')
    },
  },
  'failing-commit': {
    title: 'what a failing commit did not commit stays pending',
    async run({ intercepted }) {
      const cause = new Error('the connection broke')
      let down = true
      const writing = intercepted({ commitRefs: call => (down ? Promise.reject(cause) : call()) }).session()
      await writing.putText('a')
      await rejectsWithReason(writing.commit(), cause, 'commit')
      assert.deepEqual(writing.pendingIdTexts(), ['a'])
      down = false
      assert.equal((await writing.commit()).length, 1)
    },
  },
  'released-is-not-pending': {
    title: 'what a session releases or deletes is no longer pending, and is not committed',
    async run({ session, sweep, blobs }) {
      const writing = session()
      for (const text of ['released', 'deleted', 'kept']) await writing.putText(text)
      await writing.release([idOf('released')])
      await writing.delete(idOf('deleted'))
      const committed = await writing.commit()
      assert.deepEqual(
        committed.map(({ id }) => id),
        [idOf('kept')],
      )
      await writing.putText('again')
      await writing.release()
      assert.deepEqual(await writing.commit(), [])
      await sweep()
      assert.deepEqual(await blobs(), [])
    },
  },
  'in-transaction': {
    title: "refs committed in the host's transaction are safe from sweeps exactly when it commits",
    requires: ['transaction'],
    async run({ session, sweep, begin, blobs }) {
      const writing = session()
      await writing.putText('a')
      const kept = await begin()
      await kept.commitRefs(writing.sessionId, writing.pendingRefs())
      await kept.commit()
      writing.markManifestCommitted([idOf('a')])
      await writing.putText('b')
      const undone = await begin()
      await undone.commitRefs(writing.sessionId, writing.pendingRefs())
      await undone.rollback()
      assert.deepEqual(writing.pendingIdTexts(), ['b'])
      assert.equal((await sweep()).reclaimedCount, 1)
      await writing.mustRead('a', 'committed with the host')
      assert.deepEqual(await blobs(), ['a'])
    },
  },
  'after-reopen': {
    title: 'what a session committed is read through other instances that open the same data later',
    requires: ['reopen', 'crash-safe'],
    async run({ session, reopen }) {
      await session().hold('a')
      const again = await reopen()
      await again.sweep()
      await again.session().mustRead('a', 'through another instance')
    },
  },
})
