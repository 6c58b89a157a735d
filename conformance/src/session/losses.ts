import assert from 'node:assert/strict'
import { AttachmentIntentExpiredError, reclaimOrphanedAttachments } from '@lash/attachments-core'
import { caseGroup, type SessionCase } from '../case.ts'
import { intercepted, stoppedAfter, stoppedBefore } from './gates.ts'
import {
  assertReads,
  audit,
  blobsOf,
  gateOf,
  hold,
  idOf,
  inBackground,
  noGrace,
  put,
  sessionOf,
  sweep,
  takeOverSweep,
} from './steps.ts'

/**
 * Runs in which simpler designs lose committed bytes, each driven step by step through the real code: an actor stalls at a
 * gate, exactly there, while the others go on.
 */

function assertRefused(commit: Promise<unknown>, text: string): Promise<void> {
  return assert.rejects(commit, error => {
    assert.ok(AttachmentIntentExpiredError.isInstance(error), `not AttachmentIntentExpiredError: ${error}`)
    assert.deepEqual(error.ids, [idOf(text)])
    return true
  })
}

export const lossCases: readonly SessionCase[] = caseGroup('session', 'historical losses', [
  {
    name: 'dead-first-writer',
    title: 'a session that puts bytes whose first writer died keeps them once committed',
    async run(context) {
      const { store, manifest } = await context.create()
      const never = gateOf(context)
      const dead = sessionOf({ store: stoppedBefore(store, 'put', never), manifest }, 'dead')
      const stalled = inBackground(put(dead, 'a'))
      await never.reached
      const session = sessionOf({ store, manifest }, 'session')
      await hold(session, 'a')
      await sweep({ store, manifest })
      await assertReads(session, 'a', 'after a sweep of what the dead one left')
      never.open()
      await stalled
    },
  },
  {
    name: 'dead-first-writer-of-bytes',
    title: 'a session that puts bytes which a dead session had written keeps them once committed',
    async run(context) {
      const pair = await context.create()
      await put(sessionOf(pair, 'dead'), 'a')
      const session = sessionOf(pair, 'session')
      await put(session, 'a')
      await session.commit()
      await sweep(pair)
      await assertReads(session, 'a', 'after a sweep of what the dead one left')
    },
  },
  {
    name: 'commit-before-the-claim',
    title: 'a commit between the start of a sweep and its claim keeps the bytes',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      await put(session, 'a')
      const gate = gateOf(context)
      const sweeping = inBackground(
        reclaimOrphanedAttachments(stoppedBefore(manifest, 'claimOrphans', gate), store, noGrace),
      )
      await gate.reached
      await session.commit()
      gate.open()
      await sweeping
      await assertReads(session, 'a', 'committed before the claim')
    },
  },
  {
    name: 'commit-before-the-delete',
    title: 'a commit between the claim of a sweep and its delete is refused, since the bytes are going',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      await put(session, 'a')
      const gate = gateOf(context)
      const sweeping = inBackground(reclaimOrphanedAttachments(manifest, stoppedBefore(store, 'delete', gate), noGrace))
      await gate.reached
      await assertRefused(session.commit(), 'a')
      gate.open()
      await sweeping
      await hold(session, 'a')
      await assertReads(session, 'a', 'put again')
    },
  },
  {
    name: 'commit-before-the-settlement',
    title: 'a commit between the delete of a sweep and its settlement is refused; a put there is kept',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      await put(session, 'a')
      const gate = gateOf(context)
      const sweeping = inBackground(reclaimOrphanedAttachments(manifest, stoppedAfter(store, 'delete', gate), noGrace))
      await gate.reached
      await assertRefused(session.commit(), 'a')
      assert.equal((await hold(session, 'a')).generation, 1)
      gate.open()
      await sweeping
      await assertReads(session, 'a', 'committed before the settlement')
      await sweep({ store, manifest })
      await assertReads(session, 'a', 'after another sweep')
    },
  },
  {
    name: 'stalled-sweeper',
    title: 'a sweeper that stalls between claim and delete cannot delete what a session put and committed meanwhile',
    async run(context) {
      const { store, manifest } = await context.create()
      await put(sessionOf({ store, manifest }, 'dead'), 'a')
      const gate = gateOf(context)
      const stalled = inBackground(reclaimOrphanedAttachments(manifest, stoppedBefore(store, 'delete', gate), noGrace))
      await gate.reached
      const session = sessionOf({ store, manifest }, 'session')
      await hold(session, 'a')
      gate.open()
      await stalled
      await assertReads(session, 'a', 'after the stalled sweeper woke up')
      assert.deepEqual(await blobsOf(store, ['a']), ['a.1'])
    },
  },
  {
    name: 'stalled-sweeper-of-a-dropped-row',
    title: 'a sweeper that stalls until another has finished its work cannot delete what was put after that',
    async run(context) {
      const { store, manifest } = await context.create()
      await put(sessionOf({ store, manifest }, 'dead'), 'a')
      const gate = gateOf(context)
      const stalled = inBackground(reclaimOrphanedAttachments(manifest, stoppedBefore(store, 'delete', gate), noGrace))
      await gate.reached
      assert.equal((await takeOverSweep({ store, manifest })).reclaimedCount, 1)
      const session = sessionOf({ store, manifest }, 'session')
      await hold(session, 'a')
      gate.open()
      await stalled
      await assertReads(session, 'a', 'after the stalled sweeper woke up')
      await sweep({ store, manifest })
      await assertReads(session, 'a', 'after another sweep')
    },
  },
  {
    name: 'stalled-settlement',
    title: 'a sweeper that stalls between delete and settlement takes no claim and no bytes of a later sweep',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      await put(session, 'a')
      const settling = gateOf(context)
      const stalled = inBackground(
        reclaimOrphanedAttachments(stoppedBefore(manifest, 'settleClaims', settling), store, noGrace),
      )
      await settling.reached
      await put(session, 'a')
      const deleting = gateOf(context)
      const second = inBackground(
        reclaimOrphanedAttachments(manifest, stoppedBefore(store, 'delete', deleting), noGrace),
      )
      await deleting.reached
      settling.open()
      await stalled
      // The second sweeper is about to delete generation 1: nobody may write or commit there.
      await assertRefused(session.commit(), 'a')
      assert.equal((await put(session, 'a')).generation, 2)
      await session.commit()
      deleting.open()
      await second
      await assertReads(session, 'a', 'after both sweepers are done')
    },
  },
  {
    name: 'older-put-on-a-newer-intent',
    title: 'an older put whose bytes a sweep took is not committed on the strength of a newer, unfinished one',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      const older = await put(session, 'a')
      await sweep({ store, manifest })
      const gate = gateOf(context)
      const slow = sessionOf({ store: stoppedBefore(store, 'put', gate), manifest }, 'session')
      const newer = inBackground(put(slow, 'a'))
      await gate.reached
      await assertRefused(manifest.commitRefs('session', [older]), 'a')
      await assertRefused(session.commit(), 'a')
      assert.deepEqual(slow.pendingManifestCommitIds(), [], 'its put is in flight')
      gate.open()
      await newer
      await slow.commit()
      await sweep({ store, manifest })
      await assertReads(session, 'a', 'committed when its own bytes were there')
    },
  },
  {
    name: 'older-put-of-the-same-view',
    title: 'of two puts of the same bytes by one session, the one that is there is not offered for both',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      let stalls = false
      const slow = intercepted(store, {
        put: async call => {
          if (stalls) await gate.pass()
          return call()
        },
      })
      const session = sessionOf({ store: slow, manifest }, 'session')
      await put(session, 'a')
      await sweep({ store, manifest })
      stalls = true
      const newer = inBackground(put(session, 'a'))
      await gate.reached
      assert.deepEqual(session.pendingManifestCommitIds(), [], 'a bare id would stand for the unfinished put')
      await assertRefused(session.commit(), 'a')
      gate.open()
      await newer
      assert.equal((await session.commit())[0]?.generation, 1)
      await assertReads(session, 'a', 'committed')
    },
  },
  {
    name: 'writer-stalls-past-its-claim',
    title: 'a writer that stalls until a sweep has taken its intent cannot commit, and what it writes late is a stray',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const slow = sessionOf({ store: stoppedBefore(store, 'put', gate), manifest }, 'slow')
      const late = inBackground(put(slow, 'a'))
      await gate.reached
      await sweep({ store, manifest })
      const fast = sessionOf({ store, manifest }, 'fast')
      assert.equal((await hold(fast, 'a')).generation, 1)
      gate.open()
      await late
      await assertRefused(slow.commit(), 'a')
      assert.deepEqual(await blobsOf(store, ['a']), ['a', 'a.1'])
      assert.equal((await audit({ store, manifest })).reclaimedCount, 1)
      assert.deepEqual(await blobsOf(store, ['a']), ['a.1'])
      await assertReads(fast, 'a', 'after the audit')
      assert.equal((await put(slow, 'a')).generation, 1)
      await slow.commit()
      await assertReads(slow, 'a', 'put again')
    },
  },
  {
    name: 'commit-stalls-past-a-sweep',
    title: 'a commit that stalls until a sweep has taken the bytes is refused',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const slow = sessionOf({ store, manifest: stoppedBefore(manifest, 'commitRefs', gate) }, 'slow')
      await put(slow, 'a')
      const refused = inBackground(assertRefused(slow.commit(), 'a'))
      await gate.reached
      await sweep({ store, manifest })
      gate.open()
      await refused
    },
  },
  {
    name: 'label-of-another',
    title: 'the label that one session gave is never seen by another, in any order of puts, sweeps and commits',
    async run(context) {
      const pair = await context.create()
      const [first, second] = [sessionOf(pair, 'first'), sessionOf(pair, 'second')]
      const bytes = new TextEncoder().encode('a')
      const labelled = (label: string) => ({ mediaType: 'text/plain', label })
      await first.put(bytes, labelled('of the first'))
      await second.put(bytes, { mediaType: 'text/csv' })
      await second.commit()
      await sweep(pair)
      const plain = { id: idOf('a'), byteLength: 1, mediaType: 'text/csv' }
      assert.deepEqual((await second.get(idOf('a'))).meta, plain)
      await first.put(bytes, labelled('of the first, again'))
      await first.commit()
      assert.deepEqual(await second.stat(idOf('a')), plain)
      assert.equal((await first.stat(idOf('a')))?.label, 'of the first, again')
    },
  },
])
