import assert from 'node:assert/strict'
import { AttachmentClosedError, type AttachmentManifest } from '@lash/attachments-core'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { provided } from '../../run/context.ts'
import {
  claim,
  claimOnly,
  collected,
  endOfTime,
  entryOf,
  hold,
  idOf,
  intentFor,
  reclaim,
  record,
  refOf,
  takeOver,
} from '../steps.ts'

/** Every method, called as it should be. */
function callsOf(manifest: AttachmentManifest): Record<string, () => Promise<unknown>> {
  return {
    recordIntent: () => record(manifest, 'a', 'session'),
    commitRefs: () => manifest.commitRefs('session', [idOf('a')]),
    'commitRefs of nothing': () => manifest.commitRefs('session', []),
    releaseRefs: () => manifest.releaseRefs('session'),
    'releaseRefs of nothing': () => manifest.releaseRefs('session', []),
    lookup: () => manifest.lookup('session', idOf('a')),
    listRefs: async () => collected(manifest.listRefs('session')),
    listUncommitted: async () => collected(manifest.listUncommitted(1000)),
    claimOrphans: () => manifest.claimOrphans({ olderThanEpochMs: 1000, limit: 1 }),
    claimBlobs: () => manifest.claimBlobs([{ id: idOf('a'), generation: 0 }]),
    settleClaims: () => manifest.settleClaims([{ attachmentId: idOf('a'), generation: 0, token: 'x' }]),
    forget: () => manifest.forget(idOf('a')),
  }
}

export const lifecycleCases: readonly ManifestCase[] = caseGroup('manifest', 'close and reopen', [
  {
    name: 'idempotent',
    title: 'close may be called again, also at the same time, also as disposal',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await Promise.all([manifest.close(), manifest.close()])
      await manifest.close()
      await manifest[Symbol.asyncDispose]()
    },
  },
  {
    name: 'use-after-close',
    title: 'every method rejects with AttachmentClosedError after close',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await manifest.close()
      for (const [method, call] of Object.entries(callsOf(manifest))) {
        await assert.rejects(call(), error => AttachmentClosedError.isInstance(error), `${method} after close`)
      }
    },
  },
  {
    name: 'close-during-listing',
    title: 'a listing that the manifest is closed under ends with AttachmentClosedError at the next entry',
    async run(context) {
      const { manifest } = await context.create()
      for (const name of ['a', 'b', 'c']) await record(manifest, name, 'session')
      const listings = { listRefs: manifest.listRefs('session'), listUncommitted: manifest.listUncommitted(endOfTime) }
      const begun = Object.entries(listings).map(([method, listing]) => ({
        method,
        rest: listing[Symbol.asyncIterator](),
      }))
      for (const { method, rest } of begun) assert.equal((await rest.next()).done, false, method)
      await manifest.close()
      for (const { method, rest } of begun) {
        await assert.rejects(rest.next(), error => AttachmentClosedError.isInstance(error), method)
      }
    },
  },
  {
    name: 'close-with-calls-in-flight',
    title: 'calls in flight when the manifest is closed are done as a whole, or refused as closed',
    async run(context) {
      const { manifest, reopen } = await context.create()
      await record(manifest, 'warm', 'session')
      const names = Array.from({ length: 20 }, (_, index) => `content ${index}`)
      const records = names.map(name => record(manifest, name, 'session'))
      const settled = Promise.allSettled(records)
      await manifest.close()
      const outcomes = await settled
      const recorded = names.filter((_, index) => outcomes[index]?.status === 'fulfilled')
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(AttachmentClosedError.isInstance(outcome.reason), outcome.reason)
      }
      if (reopen === undefined) return
      const again = context.use(await reopen())
      for (const name of recorded) await entryOf(again, name, 'session')
    },
  },
  {
    name: 'others-stay-open',
    title: 'closing one instance leaves another over the same data open',
    requires: ['reopen'],
    async run(context) {
      const { manifest, reopen } = await context.create()
      const other = context.use(await provided(reopen, 'reopen')())
      await hold(other, 'a', 'session')
      await manifest.close()
      await hold(other, 'b', 'session')
      assert.equal((await collected(other.listRefs('session'))).length, 2)
    },
  },
  {
    name: 'survives',
    title: 'refs, times, metadata, claims and generations survive a close and a reopen',
    requires: ['reopen', 'durable'],
    async run(context) {
      const { manifest, reopen } = await context.create()
      const meta = { mediaType: 'image/png', width: 1, height: 2, label: '\u{1f4ce} "\u00e9"' }
      await manifest.recordIntent(intentFor('committed', 'session', 1234, meta))
      await manifest.commitRefs('session', [idOf('committed')])
      await hold(manifest, 'released', 'session')
      await manifest.releaseRefs('session', [idOf('released')])
      await record(manifest, 'intended', 'session')
      await record(manifest, 'reclaimed', 'session')
      await reclaim(manifest, 'reclaimed')
      await record(manifest, 'claimed', 'session')
      const claimed = await claimOnly(manifest, 'claimed')
      const before = await collected(manifest.listRefs('session'))
      await manifest.close()

      const again = context.use(await provided(reopen, 'reopen')())
      const byId = (a: { attachmentId: string }, b: { attachmentId: string }) =>
        a.attachmentId < b.attachmentId ? -1 : 1
      const after = await collected(again.listRefs('session'))
      assert.deepEqual(after.sort(byId), before.sort(byId))
      assert.equal(await record(again, 'reclaimed', 'session'), 1)
      assert.deepEqual(await claim(again, 999), [])
      assert.equal((await takeOver(again, 'claimed'))?.generation, 0)
      await again.settleClaims([claimed])
      assert.equal((await takeOver(again, 'claimed'))?.generation, 0, 'the old token does not stand any more')
      await again.commitRefs('session', [refOf('intended', 0), refOf('reclaimed', 1)])
    },
  },
])
