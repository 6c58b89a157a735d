import assert from 'node:assert/strict'
import {
  AttachmentAuditRefusedError,
  AttachmentInvalidArgumentError,
  reclaimUnreferencedAttachments,
} from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { numbered } from '../../run/contents.ts'
import { noGrace, type PairUnderTest, sessionGroup } from '../pair-under-test.ts'

/** Commits so many texts, and leaves so many strays. Every text has 7 bytes. */
async function fill({ session, putStray }: PairUnderTest, held: number, strays: number): Promise<void> {
  const texts = (name: string, count: number) => numbered(name, count).map(text => text.padEnd(7))
  const holding = session()
  await Promise.all(texts('kept', held).map(text => holding.putText(text)))
  await holding.commit()
  await Promise.all(texts('lost', strays).map(text => putStray(text)))
}

function isRefusal(counts: { scannedCount: number; unreferencedCount: number; unreferencedByteLength?: number }) {
  return (error: unknown) => {
    assert.ok(AttachmentAuditRefusedError.isInstance(error), `not AttachmentAuditRefusedError: ${error}`)
    assert.equal(error.code, 'audit_refused')
    for (const [name, count] of Object.entries(counts)) {
      assert.equal(error[name as keyof typeof counts], count, name)
    }
    return true
  }
}

export const auditGuardCases: readonly SessionCase[] = sessionGroup('audit guard', {
  'dry-run': {
    title: 'a dry run of an audit counts what would go, in blobs and bytes, and neither deletes nor claims anything',
    async run(pair) {
      await fill(pair, 2, 8)
      const before = await pair.blobs()
      for (let time = 0; time < 2; time++) {
        assert.deepEqual(await pair.audit({ dryRun: true, batchSize: 3 }), {
          scannedIntentCount: 10,
          reclaimedCount: 0,
          failures: [],
          unreferencedCount: 8,
          unreferencedByteLength: 8 * 7,
        })
      }
      assert.deepEqual(await pair.blobs(), before)
      assert.equal((await pair.takeOverSweep()).reclaimedCount, 0, 'nothing is claimed')
      assert.equal((await pair.session().hold('lost 0 ')).generation, undefined, 'nothing has moved')
      const report = await pair.audit({ maxDeleteRatio: 1 })
      assert.equal(report.reclaimedCount, 7)
      assert.equal(report.unreferencedCount, 7)
      assert.equal(report.unreferencedByteLength, 7 * 7)
    },
  },
  refused: {
    title:
      'an audit that would delete more than half of ten blobs or more is refused, with its counts, and deletes none',
    async run(pair) {
      await fill(pair, 4, 6)
      const before = await pair.blobs()
      const counts = { scannedCount: 10, unreferencedCount: 6, unreferencedByteLength: 6 * 7 }
      await assert.rejects(pair.audit(), isRefusal(counts))
      await assert.rejects(pair.audit({ batchSize: 1 }), isRefusal(counts), 'however few are looked at together')
      assert.deepEqual(await pair.blobs(), before)
      assert.equal((await pair.takeOverSweep()).reclaimedCount, 0, 'nothing is claimed')
      assert.equal((await pair.audit({ maxDeleteRatio: 1 })).reclaimedCount, 6)
      assert.equal((await pair.blobs()).length, 4)
    },
  },
  'at-the-ratio': {
    title: 'an audit that would delete exactly the ratio goes on; one more blob, and it is refused',
    async run(pair) {
      await fill(pair, 9, 3)
      await assert.rejects(pair.audit({ maxDeleteRatio: 0.24 }), isRefusal({ scannedCount: 12, unreferencedCount: 3 }))
      await assert.rejects(pair.audit({ maxDeleteRatio: 0 }), isRefusal({ scannedCount: 12, unreferencedCount: 3 }))
      assert.equal((await pair.audit({ maxDeleteRatio: 0.25 })).reclaimedCount, 3)
      assert.equal((await pair.audit({ maxDeleteRatio: 0 })).reclaimedCount, 0)
    },
  },
  'few-blobs': {
    title: 'of fewer than ten blobs all may go',
    async run(pair) {
      await fill(pair, 0, 9)
      assert.equal((await pair.audit()).reclaimedCount, 9)
      assert.deepEqual(await pair.blobs(), [])
    },
  },
  'of-another-manifest': {
    title: 'an audit with a fresh manifest, or that of another store, does not empty a store',
    async run(pair) {
      await fill(pair, 12, 0)
      const other = await pair.another()
      await other.session().hold('of the other store')
      const wrong = () => reclaimUnreferencedAttachments(other.manifest, pair.store, noGrace)
      await assert.rejects(wrong(), isRefusal({ scannedCount: 12, unreferencedCount: 12 }))
      assert.equal((await pair.blobs()).length, 12)
      const holding = pair.session()
      for (const text of await holding.texts()) await holding.mustRead(text, 'after an audit with a wrong manifest')
      assert.equal((await pair.audit()).reclaimedCount, 0)
    },
  },
  'bad-options': {
    title: 'an audit with a ratio or batch size out of range is refused before it looks at anything',
    async run(pair) {
      await fill(pair, 0, 3)
      const ratios = [-0.1, 1.01, Number.NaN].map(maxDeleteRatio => ({ maxDeleteRatio }))
      const sizes = [0, -1, 1.5, 10_001, Number.NaN, Number.POSITIVE_INFINITY].map(batchSize => ({ batchSize }))
      for (const options of [...ratios, ...sizes]) {
        for (const dryRun of [false, true]) {
          const audit = pair.audit({ ...options, dryRun })
          const what = JSON.stringify(options)
          await assert.rejects(audit, error => AttachmentInvalidArgumentError.isInstance(error), what)
        }
      }
      assert.equal((await pair.takeOverSweep()).reclaimedCount, 0, 'nothing is claimed')
      assert.equal((await pair.blobs()).length, 3)
      assert.equal((await pair.audit({ batchSize: 10_000, maxDeleteRatio: 0.5 })).reclaimedCount, 3)
    },
  },
  aborted: {
    title: 'an audit that is aborted while it counts has deleted and claimed nothing',
    async run(pair) {
      await fill(pair, 0, 8)
      const reason = new Error('shutting down')
      const abort = new AbortController()
      const audit = pair.audit({ signal: abort.signal, batchSize: 2, onProgress: () => abort.abort(reason) })
      await assert.rejects(audit, error => error === reason)
      assert.equal((await pair.takeOverSweep()).reclaimedCount, 0)
      assert.equal((await pair.blobs()).length, 8)
    },
  },
})
