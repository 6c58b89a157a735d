import assert from 'node:assert/strict'
import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { noGrace, sessionGroup } from '../pair-under-test.ts'
import { mustRefuse } from '../test-session.ts'

/**
 * Runs in which simpler designs lose committed bytes. The real code is driven step by step: one actor stalls
 * exactly where it hurts, and the others go on.
 */
export const lossCases: readonly SessionCase[] = sessionGroup('historical losses', {
  'dead-first-writer': {
    title: 'a session that puts bytes whose first writer died keeps them once they are committed',
    async run({ session, sweep, stall }) {
      const dead = await stall('before put', pair => pair.session('dead').putText('a'))
      const living = session()
      await living.hold('a')
      await sweep()
      await living.mustRead('a', 'after a sweep of what the dead one left')
      await dead.goOn()
    },
  },
  'dead-first-writer-of-bytes': {
    title: 'a session that puts bytes which a dead session had written keeps them once they are committed',
    async run({ session, sweep }) {
      await session('dead').putText('a')
      const living = session()
      await living.hold('a')
      await sweep()
      await living.mustRead('a', 'after a sweep of what the dead one left')
    },
  },
  'commit-before-the-claim': {
    title: 'a commit between the start of a sweep and its claim keeps the bytes',
    async run({ session, stall }) {
      const writing = session()
      await writing.putText('a')
      const sweeping = await stall('before claimOrphans', pair => pair.sweep())
      await writing.commit()
      await sweeping.goOn()
      await writing.mustRead('a', 'committed before the claim')
    },
  },
  'commit-before-the-delete': {
    title: 'a commit between the claim of a sweep and its delete is refused, since the bytes are being deleted',
    async run({ session, stall }) {
      const writing = session()
      await writing.putText('a')
      const sweeping = await stall('before delete', pair => pair.sweep())
      await writing.mustRefuse('a')
      await sweeping.goOn()
      await writing.hold('a')
      await writing.mustRead('a', 'put again')
    },
  },
  'commit-before-the-settlement': {
    title: 'between the delete of a sweep and its settlement, a commit is refused and a new put is kept',
    async run({ session, sweep, stall }) {
      const writing = session()
      await writing.putText('a')
      const sweeping = await stall('after delete', pair => pair.sweep())
      await writing.mustRefuse('a')
      assert.equal((await writing.hold('a')).generation, 1)
      await sweeping.goOn()
      await writing.mustRead('a', 'committed before the settlement')
      await sweep()
      await writing.mustRead('a', 'after another sweep')
    },
  },
  'stalled-sweeper': {
    title: 'a sweeper that stalls between claim and delete cannot delete what a session put and committed meanwhile',
    async run({ session, stall, blobs }) {
      await session('dead').putText('a')
      const sweeping = await stall('before delete', pair => pair.sweep())
      const writing = session()
      await writing.hold('a')
      await sweeping.goOn()
      await writing.mustRead('a', 'after the stalled sweeper woke up')
      assert.deepEqual(await blobs(), ['a@1'])
    },
  },
  'stalled-sweeper-of-a-dropped-row': {
    title: 'a sweeper that stalls until another has finished its work cannot delete what was put after that',
    async run({ session, sweep, takeOverSweep, stall }) {
      await session('dead').putText('a')
      const sweeping = await stall('before delete', pair => pair.sweep())
      assert.equal((await takeOverSweep()).reclaimedCount, 1)
      const writing = session()
      await writing.hold('a')
      await sweeping.goOn()
      await writing.mustRead('a', 'after the stalled sweeper woke up')
      await sweep()
      await writing.mustRead('a', 'after another sweep')
    },
  },
  'stalled-sweeper-of-a-forgotten-row': {
    title: 'a sweeper that stalls until its content is reclaimed and forgotten cannot delete what was put after that',
    async run({ session, sweep, takeOverSweep, stall, purge }) {
      await session('dead').putText('a')
      const sweeping = await stall('before delete', pair => pair.sweep())
      await takeOverSweep()
      await purge()
      const writing = session()
      await writing.hold('a')
      await sweeping.goOn()
      await writing.mustRead('a', 'after the stalled sweeper woke up')
      await sweep()
      await writing.mustRead('a', 'after another sweep')
    },
  },
  'live-when-another-is-forgotten': {
    title: 'what sessions hold is theirs through purges of other content, and through audits after them',
    async run({ session, sweep, audit, purge }) {
      const [first, second] = [session('first'), session('second')]
      await first.hold('a')
      for (let time = 0; time < 3; time++) {
        await session('dead').putText('other')
        await sweep()
      }
      await purge()
      await second.hold('a')
      await audit({ maxDeleteRatio: 1 })
      for (const holding of [first, second]) await holding.mustRead('a', `${holding.sessionId}, after an audit`)
      await second.release()
      await sweep()
      await first.mustRead('a', 'after the second has released it')
    },
  },
  'jumping-clock': {
    title: 'a clock that jumps by 26 years, either way and between any two steps, loses no committed byte',
    requires: ['clock'],
    async run({ manifest, store, session, stall, clockAt, sweep }) {
      const times = [Date.UTC(2000, 0), Date.UTC(2026, 0), Date.UTC(2052, 0)]
      let step = 0
      const jump = async () => {
        clockAt(times[(step++ * 2) % 3] ?? 0)
        for (const time of times)
          await reclaimOrphanedAttachments(manifest, store, time, { staleClaimEpochMs: noGrace })
        await manifest.settleClaims([])
      }
      for (let turn = 0; turn < 3; turn++) {
        const [draft, message] = [session('chat', 'draft'), session('chat', `message ${turn}`)]
        await session('dead').putText('a')
        const stalled = await stall('before delete', pair => pair.sweep())
        for (let jumps = 0; jumps < 3; jumps++) await jump()
        await draft.hold('a')
        await jump()
        await message.take(draft, 'a')
        await jump()
        await draft.release()
        await jump()
        await stalled.goOn()
        await message.mustRead('a', `message ${turn}, after a stalled sweeper`)
        await jump()
        await message.release()
        await sweep()
        await message.mustNotFind('a', `message ${turn}, released and swept`)
      }
    },
  },
  'stalled-settlement': {
    title: 'a sweeper that stalls between delete and settlement takes no claim and no bytes of a later sweep',
    async run({ session, stall }) {
      const writing = session()
      await writing.putText('a')
      const first = await stall('before settleClaims', pair => pair.sweep())
      await writing.putText('a')
      const second = await stall('before delete', pair => pair.sweep())
      await first.goOn()
      // The second sweeper is about to delete generation 1: nobody may write or commit there.
      await writing.mustRefuse('a')
      assert.equal((await writing.hold('a')).generation, 2)
      await second.goOn()
      await writing.mustRead('a', 'after both sweepers are done')
    },
  },
  'older-put-on-a-newer-intent': {
    title: 'an older put whose bytes a sweep took is not committed because a newer, unfinished put has an intent',
    async run({ manifest, session, sweep, stoppable }) {
      const writing = session()
      const older = await writing.putText('a')
      await sweep()
      const slow = stoppable('before put')
      const another = slow.session()
      const newer = await slow.stallThere(() => another.putText('a'))
      await mustRefuse(manifest.commitRefs('session', [older]), 'a')
      await writing.mustRefuse('a')
      assert.deepEqual(another.pendingIdTexts(), [], 'its put is in flight')
      await newer.goOn()
      await another.commit()
      await sweep()
      await writing.mustRead('a', 'committed when its own bytes were there')
    },
  },
  'older-put-of-the-same-view': {
    title: 'of two puts of the same bytes by one session, the finished one is not offered for both',
    async run({ sweep, stoppable }) {
      const slow = stoppable('before put')
      const writing = slow.session()
      await writing.putText('a')
      await sweep()
      const newer = await slow.stallThere(() => writing.putText('a'))
      assert.deepEqual(writing.pendingIdTexts(), [], 'a bare id would stand for the unfinished put')
      await writing.mustRefuse('a')
      await newer.goOn()
      assert.equal((await writing.commit())[0]?.generation, 1)
      await writing.mustRead('a', 'committed')
    },
  },
  'writer-stalls-past-its-claim': {
    title: 'a writer that stalls until a sweep has taken its intent cannot commit, and what it writes late is a stray',
    async run({ session, sweep, audit, stoppable, blobs }) {
      const stop = stoppable('before put')
      const slow = stop.session('slow')
      const late = await stop.stallThere(() => slow.putText('a'))
      await sweep()
      const fast = session('fast')
      assert.equal((await fast.hold('a')).generation, 1)
      await late.goOn()
      await slow.mustRefuse('a')
      assert.deepEqual(await blobs(), ['a', 'a@1'])
      assert.equal((await audit()).reclaimedCount, 1)
      assert.deepEqual(await blobs(), ['a@1'])
      await fast.mustRead('a', 'after the audit')
      assert.equal((await slow.hold('a')).generation, 1)
      await slow.mustRead('a', 'put again')
    },
  },
  'commit-stalls-past-a-sweep': {
    title: 'a commit that stalls until a sweep has taken the bytes is refused',
    async run({ sweep, stoppable }) {
      const stop = stoppable('before commitRefs')
      const slow = stop.session('slow')
      await slow.putText('a')
      const committing = await stop.stallThere(() => slow.commit())
      await sweep()
      await mustRefuse(committing.goOn(), 'a')
    },
  },
  'label-of-another': {
    title: 'a session never sees the label that another session gave, in any order of puts, sweeps and commits',
    async run({ session, sweep }) {
      const [first, second] = [session('first'), session('second')]
      await first.putText('a', { mediaType: 'text/plain', label: 'of the first' })
      await second.putText('a', { mediaType: 'text/csv' })
      await second.commit()
      await sweep()
      const plain = { id: idOf('a'), byteLength: 1, mediaType: 'text/csv' }
      assert.deepEqual((await second.get(idOf('a'))).meta, plain)
      await first.putText('a', { mediaType: 'text/plain', label: 'of the first, again' })
      await first.commit()
      assert.deepEqual(await second.stat(idOf('a')), plain)
      assert.equal((await first.stat(idOf('a')))?.label, 'of the first, again')
    },
  },
})
