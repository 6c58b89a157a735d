import assert from 'node:assert/strict'
import { AttachmentInvalidArgumentError, reclaimUnreferencedAttachments } from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { failsFor } from '../interception.ts'
import { sessionGroup } from '../pair-under-test.ts'

export const auditingCases: readonly SessionCase[] = sessionGroup('audit', {
  strays: {
    title: 'an audit takes what no session refers to, and spares what is committed, pending or released',
    async run({ session, sweep, audit, putStray, blobs }) {
      const holding = session()
      await holding.hold('committed')
      await holding.hold('released')
      await holding.release([idOf('released')])
      await holding.putText('pending')
      await putStray('stray')
      await putStray('high stray', 7)
      const report = await audit()
      assert.deepEqual(report.failures, [])
      assert.equal(report.reclaimedCount, 2)
      assert.deepEqual(await blobs(), ['committed', 'pending', 'released'])
      await holding.commit()
      await holding.mustRead('pending', 'committed after the audit')
      assert.equal((await audit()).reclaimedCount, 0)
      await sweep()
      assert.deepEqual(await blobs(), ['committed', 'pending'])
    },
  },
  'far-generations': {
    title: 'content with a copy at a very high generation can be audited, put and committed like any other',
    async run({ session, sweep, audit, putStray }) {
      const writing = session()
      for (const [text, generation] of Object.entries({ half: 2 ** 51, beyond: 2 ** 51 + 1, last: 2 ** 52 })) {
        await putStray(text, generation)
        for (let round = 0; round < 2; round++) {
          assert.deepEqual((await audit()).failures, [])
          await writing.hold(text)
          await writing.mustRead(text, `after a copy at generation ${generation}`)
          await writing.release([idOf(text)])
          await sweep()
        }
      }
    },
  },
  grace: {
    title: 'an audit passes over blobs that the store says are younger than its cutoff',
    async run({ store, manifest, putStray, blobs }) {
      await putStray('stray')
      const [blob] = await collect(store.list())
      if (blob?.lastModifiedMs === undefined) return
      const yesterday = Date.now() - 24 * 60 * 60 * 1000
      assert.equal((await reclaimUnreferencedAttachments(manifest, store, yesterday)).reclaimedCount, 0)
      assert.deepEqual(await blobs(), ['stray'])
    },
  },
  'older-copies': {
    title: 'an audit takes the older copies of content and leaves the one that is live',
    async run({ session, sweep, audit, putStray, blobs }) {
      const writing = session()
      for (let generation = 0; generation < 2; generation++) {
        await writing.putText('a')
        await sweep()
      }
      assert.equal((await writing.hold('a')).generation, 2)
      for (const generation of [0, 1]) await putStray('a', generation)
      assert.equal((await audit()).reclaimedCount, 2)
      assert.deepEqual(await blobs(), ['a@2'])
      await writing.mustRead('a', 'at generation 2')
    },
  },
  'put-before-the-claim': {
    title: 'bytes that a session puts after an audit has counted them as strays, and before it claims them, are spared',
    async run({ session, stall, putStray }) {
      await putStray('a')
      const auditing = await stall('before claimBlobs', pair => pair.audit())
      const writing = session()
      await writing.hold('a')
      assert.equal((await auditing.goOn()).reclaimedCount, 0)
      await writing.mustRead('a', 'committed before the claim')
    },
  },
  'put-after-the-claim': {
    title: 'bytes that a session puts between the claim of a stray and its delete are spared',
    async run({ session, stall, putStray, blobs }) {
      await putStray('a')
      const auditing = await stall('after claimBlobs', pair => pair.audit())
      const writing = session()
      assert.equal((await writing.hold('a')).generation, 1)
      assert.equal((await auditing.goOn()).reclaimedCount, 1)
      assert.deepEqual(await blobs(), ['a@1'])
      await writing.mustRead('a', 'committed while the stray was claimed')
    },
  },
  'with-sweeps': {
    title: 'audits and sweeps at the same time take every orphan and every stray between them, and nothing else',
    async run({ session, sweep, audit, putOrphans, putStray, blobs }) {
      const writing = session()
      const kept = numbered('kept', 8)
      await Promise.all(kept.map(text => writing.putText(text)))
      await writing.commit()
      await putOrphans(8)
      await Promise.all(numbered('stray', 8).map(text => putStray(text)))
      // What is orphaned and what is stray may be most of what an audit sees.
      const auditing = () => audit({ maxDeleteRatio: 1 })
      await Promise.all([auditing(), sweep(), auditing(), sweep()])
      assert.deepEqual(await blobs(), kept)
      for (const text of kept) await writing.mustRead(text, 'after audits and sweeps')
    },
  },
  'in-batches': {
    title: 'an audit goes through the store batch by batch',
    async run({ session, audit, putStray, blobs }) {
      await Promise.all(numbered('stray', 23).map(text => putStray(text)))
      await session().hold('kept')
      const report = await audit({ batchSize: 5, maxDeleteRatio: 1 })
      assert.equal(report.reclaimedCount, 23)
      assert.equal(report.scannedIntentCount, 24)
      assert.deepEqual(await blobs(), ['kept'])
    },
  },
  'failing-delete': {
    title: 'an audit goes on past a delete that fails and reports it; a later sweep takes what is left',
    async run({ intercepted, takeOverSweep, putStray, blobs }) {
      for (const text of ['a', 'stuck', 'b']) await putStray(text)
      const cause = new Error('permission denied')
      const report = await intercepted({ delete: failsFor('stuck', cause) }).audit()
      assert.equal(report.reclaimedCount, 2)
      assert.deepEqual(report.failures, [{ id: idOf('stuck'), generation: 0, error: cause }])
      // Its claim stands. A sweep that presumes the auditor dead takes it over.
      await takeOverSweep()
      assert.deepEqual(await blobs(), [])
    },
  },
  'bad-arguments': {
    title: 'an audit without a valid time is refused, and takes nothing',
    async run({ store, manifest, putStray, blobs }) {
      await putStray('stray')
      for (const time of [Number.NaN, 0.5, undefined as never]) {
        await assert.rejects(reclaimUnreferencedAttachments(manifest, store, time), error =>
          AttachmentInvalidArgumentError.isInstance(error),
        )
      }
      assert.deepEqual(await blobs(), ['stray'])
    },
  },
})
