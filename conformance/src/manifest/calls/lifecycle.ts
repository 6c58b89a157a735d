import assert from 'node:assert/strict'
import { AttachmentClosedError, type AttachmentManifest } from '@lash/attachments-core'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { blobsOf, endOfTime, intentFor, refsOf } from '../steps.ts'

/** Every method, called with good arguments. */
function callsOf(manifest: AttachmentManifest): Record<string, () => Promise<unknown>> {
  return {
    recordIntent: () => manifest.recordIntent(intentFor('a', 'session')),
    commitRefs: () => manifest.commitRefs('session', refsOf('a')),
    'commitRefs of nothing': () => manifest.commitRefs('session', []),
    releaseRefs: () => manifest.releaseRefs('session'),
    'releaseRefs of nothing': () => manifest.releaseRefs('session', []),
    lookup: () => manifest.lookup('session', idOf('a')),
    listRefs: async () => collect(manifest.listRefs('session')),
    listUncommitted: async () => collect(manifest.listUncommitted(1000)),
    claimOrphans: () => manifest.claimOrphans({ olderThanEpochMs: 1000, limit: 1 }),
    claimBlobs: () => manifest.claimBlobs(blobsOf('a@0')),
    settleClaims: () => manifest.settleClaims([{ attachmentId: idOf('a'), generation: 0, token: 'x' }]),
    forget: () => manifest.forget(idOf('a')),
    exportContents: async () => collect(manifest.exportContents()),
    importContents: () => manifest.importContents(manifest.exportContents()),
  }
}

export const lifecycleCases: readonly ManifestCase[] = manifestGroup('close and reopen', {
  idempotent: {
    title: 'close may be called again, at the same time, and through async dispose',
    async run({ manifest, record }) {
      await record('a', 'session')
      await Promise.all([manifest.close(), manifest.close()])
      await manifest.close()
      await manifest[Symbol.asyncDispose]()
    },
  },
  'use-after-close': {
    title: 'every method rejects with AttachmentClosedError after close',
    async run({ manifest, hold }) {
      await hold('a', 'session')
      await manifest.close()
      for (const [method, call] of Object.entries(callsOf(manifest))) {
        await assert.rejects(call(), error => AttachmentClosedError.isInstance(error), `${method} after close`)
      }
    },
  },
  'close-during-listing': {
    title: 'a listing during which the manifest closes ends with AttachmentClosedError at the next entry',
    async run({ manifest, record }) {
      for (const name of ['a', 'b', 'c']) await record(name, 'session')
      const listings = {
        listRefs: manifest.listRefs('session'),
        listUncommitted: manifest.listUncommitted(endOfTime),
        exportContents: manifest.exportContents(),
      }
      const begun = Object.entries(listings).map(([method, listing]) => ({
        method,
        rest: (listing as AsyncIterable<unknown>)[Symbol.asyncIterator](),
      }))
      for (const { method, rest } of begun) assert.equal((await rest.next()).done, false, method)
      await manifest.close()
      for (const { method, rest } of begun) {
        await assert.rejects(rest.next(), error => AttachmentClosedError.isInstance(error), method)
      }
    },
  },
  'close-with-calls-in-flight': {
    title: 'a call in flight when the manifest is closed completes, or rejects as closed',
    async run({ manifest, record, commit, release, claim, fixture, reopen }) {
      for (const name of ['committed', 'released', 'claimed']) await record(name, 'session')
      const names = numbered('content', 20)
      const recording = Promise.allSettled(names.map(name => record(name, 'session')))
      const others = Promise.allSettled([
        commit('session', 'committed'),
        release('session', 'released'),
        claim({ ids: [idOf('claimed')] }),
      ])
      await manifest.close()
      const outcomes = [...(await recording), ...(await others)]
      const recorded = names.filter((_, index) => outcomes[index]?.status === 'fulfilled')
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(AttachmentClosedError.isInstance(outcome.reason), outcome.reason)
      }
      if (fixture.reopen === undefined) return
      const again = await reopen()
      for (const name of recorded) await again.entry(name, 'session')
      const [committing, releasing, claiming] = await others
      if (committing.status === 'fulfilled') assert.ok(await again.isCommitted('committed', 'session'))
      if (releasing.status === 'fulfilled') assert.ok(await again.isReleased('released', 'session'))
      if (claiming.status === 'fulfilled') assert.equal(await again.lookup('claimed', 'session'), undefined)
    },
  },
  'others-stay-open': {
    title: 'closing one instance leaves another over the same data open',
    requires: ['reopen'],
    async run({ manifest, reopen }) {
      const other = await reopen()
      await other.hold('a', 'session')
      await manifest.close()
      await other.hold('b', 'session')
      assert.equal((await other.entriesOf('session')).length, 2)
    },
  },
  survives: {
    title: 'refs, times, metadata, claims and generations survive a close and a reopen',
    requires: ['reopen', 'crash-safe'],
    async run({ manifest, record, hold, commit, release, entriesOf, claimOnly, reclaim, reopen }) {
      const meta = { mediaType: 'image/png', width: 1, height: 2, label: '\u{1f4ce} "\u00e9"' }
      await manifest.recordIntent(intentFor('committed', 'session', 1234, meta))
      await commit('session', 'committed')
      await hold('released', 'session')
      await release('session', 'released')
      await record('intended', 'session')
      await record('reclaimed', 'session')
      await reclaim('reclaimed')
      await record('claimed', 'session')
      const claimed = await claimOnly('claimed')
      const before = await entriesOf('session')
      await manifest.close()

      const again = await reopen()
      assert.deepEqual(new Set(await again.entriesOf('session')), new Set(before))
      assert.equal(await again.record('reclaimed', 'session'), 1)
      assert.deepEqual(await again.claim({ olderThanEpochMs: 999 }), [])
      assert.equal((await again.takeOver('claimed'))?.generation, 0)
      await again.settle(claimed)
      assert.equal((await again.takeOver('claimed'))?.generation, 0, 'the old token does not stand any more')
      await again.commit('session', 'intended@0', 'reclaimed@1')
    },
  },
})
