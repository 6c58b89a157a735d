import assert from 'node:assert/strict'
import { AttachmentInvalidArgumentError, reclaimUnreferencedAttachments } from '@lash/attachments-core'
import { caseGroup, type SessionCase } from '../case.ts'
import { intercepted, stoppedAfter, stoppedBefore } from './gates.ts'
import {
  assertReads,
  audit,
  blobsOf,
  bytesOf,
  gateOf,
  hold,
  idOf,
  inBackground,
  noGrace,
  put,
  putOrphans,
  sessionOf,
  sweep,
  takeOverSweep,
  textMeta,
} from './steps.ts'

export const auditingCases: readonly SessionCase[] = caseGroup('session', 'audit', [
  {
    name: 'strays',
    title: 'an audit takes what no session refers to, and spares what is committed, pending or released',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      await hold(session, 'committed')
      await hold(session, 'released')
      await session.release([idOf('released')])
      await put(session, 'pending')
      await pair.store.put(bytesOf('stray'), textMeta)
      await pair.store.put(bytesOf('high stray'), textMeta, { generation: 7 })
      const texts = ['committed', 'pending', 'released', 'stray', 'high stray']
      const report = await audit(pair)
      assert.deepEqual(report.failures, [])
      assert.equal(report.reclaimedCount, 2)
      assert.deepEqual(await blobsOf(pair.store, texts), ['committed', 'pending', 'released'])
      await session.commit()
      await assertReads(session, 'pending', 'committed after the audit')
      assert.equal((await audit(pair)).reclaimedCount, 0)
      await sweep(pair)
      assert.deepEqual(await blobsOf(pair.store, texts), ['committed', 'pending'])
    },
  },
  {
    name: 'far-generations',
    title:
      'content of which somebody put a copy at a generation far away can be audited, put and committed as any other',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      for (const [text, generation] of Object.entries({ half: 2 ** 51, beyond: 2 ** 51 + 1, last: 2 ** 52 })) {
        await pair.store.put(bytesOf(text), textMeta, { generation })
        for (let round = 0; round < 2; round++) {
          assert.deepEqual((await audit(pair)).failures, [])
          await hold(session, text)
          await assertReads(session, text, `after a copy at generation ${generation}`)
          await session.release([idOf(text)])
          await sweep(pair)
        }
      }
    },
  },
  {
    name: 'grace',
    title: 'an audit passes over blobs that the store says are younger than its cutoff',
    async run(context) {
      const pair = await context.create()
      await pair.store.put(bytesOf('stray'), textMeta)
      let dated = false
      for await (const { lastModifiedMs } of pair.store.list()) dated = lastModifiedMs !== undefined
      if (!dated) return
      const yesterday = Date.now() - 24 * 60 * 60 * 1000
      assert.equal((await reclaimUnreferencedAttachments(pair.manifest, pair.store, yesterday)).reclaimedCount, 0)
      assert.deepEqual(await blobsOf(pair.store, ['stray']), ['stray'])
    },
  },
  {
    name: 'older-copies',
    title: 'an audit takes the older copies of content and leaves the one that is live',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      for (let generation = 0; generation < 2; generation++) {
        await put(session, 'a')
        await sweep(pair)
      }
      assert.equal((await hold(session, 'a')).generation, 2)
      for (const generation of [0, 1]) await pair.store.put(bytesOf('a'), textMeta, { generation })
      assert.equal((await audit(pair)).reclaimedCount, 2)
      assert.deepEqual(await blobsOf(pair.store, ['a']), ['a.2'])
      await assertReads(session, 'a', 'at generation 2')
    },
  },
  {
    name: 'put-before-the-claim',
    title: 'bytes that a session puts between the listing of a stray and its claim are spared',
    async run(context) {
      const { store, manifest } = await context.create()
      await store.put(bytesOf('a'), textMeta)
      const gate = gateOf(context)
      const auditing = inBackground(
        reclaimUnreferencedAttachments(stoppedBefore(manifest, 'claimBlobs', gate), store, noGrace),
      )
      await gate.reached
      const session = sessionOf({ store, manifest }, 'session')
      await hold(session, 'a')
      gate.open()
      assert.equal((await auditing).reclaimedCount, 0)
      await assertReads(session, 'a', 'committed before the claim')
    },
  },
  {
    name: 'put-after-the-claim',
    title: 'bytes that a session puts between the claim of a stray and its delete are spared',
    async run(context) {
      const { store, manifest } = await context.create()
      await store.put(bytesOf('a'), textMeta)
      const gate = gateOf(context)
      const auditing = inBackground(
        reclaimUnreferencedAttachments(stoppedAfter(manifest, 'claimBlobs', gate), store, noGrace),
      )
      await gate.reached
      const session = sessionOf({ store, manifest }, 'session')
      assert.equal((await hold(session, 'a')).generation, 1)
      gate.open()
      assert.equal((await auditing).reclaimedCount, 1)
      assert.deepEqual(await blobsOf(store, ['a']), ['a.1'])
      await assertReads(session, 'a', 'committed while the stray was claimed')
    },
  },
  {
    name: 'with-sweeps',
    title: 'an audit and a sweep at once take every orphan and every stray between them, and nothing else',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      const kept = Array.from({ length: 8 }, (_, index) => `kept ${index}`)
      const strays = Array.from({ length: 8 }, (_, index) => `stray ${index}`)
      await Promise.all(kept.map(text => put(session, text)))
      await session.commit()
      const orphans = await putOrphans(pair, 8)
      await Promise.all(strays.map(text => pair.store.put(bytesOf(text), textMeta)))
      await Promise.all([audit(pair), sweep(pair), audit(pair), sweep(pair)])
      assert.deepEqual(await blobsOf(pair.store, [...kept, ...orphans, ...strays]), [...kept].sort())
      for (const text of kept) await assertReads(session, text, 'after audits and sweeps')
    },
  },
  {
    name: 'in-batches',
    title: 'an audit goes through the store batch by batch',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      const strays = Array.from({ length: 23 }, (_, index) => `stray ${index}`)
      await Promise.all(strays.map(text => pair.store.put(bytesOf(text), textMeta)))
      await hold(session, 'kept')
      const report = await reclaimUnreferencedAttachments(pair.manifest, pair.store, noGrace, { batchSize: 5 })
      assert.equal(report.reclaimedCount, 23)
      assert.equal(report.scannedIntentCount, 24)
      assert.deepEqual(await blobsOf(pair.store, [...strays, 'kept']), ['kept'])
    },
  },
  {
    name: 'failing-delete',
    title: 'an audit goes on past a delete that fails, and reports it; a later one takes what is left',
    async run(context) {
      const { store, manifest } = await context.create()
      const texts = ['a', 'stuck', 'b']
      for (const text of texts) await store.put(bytesOf(text), textMeta)
      const cause = new Error('permission denied')
      const failing = intercepted(store, {
        delete: (call, [id]) => (id === idOf('stuck') ? Promise.reject(cause) : call()),
      })
      const report = await reclaimUnreferencedAttachments(manifest, failing, noGrace)
      assert.equal(report.reclaimedCount, 2)
      assert.deepEqual(report.failures, [{ id: idOf('stuck'), generation: 0, error: cause }])
      // Its claim stands: a sweep that presumes the auditor dead takes over.
      await takeOverSweep({ store, manifest })
      assert.deepEqual(await blobsOf(store, texts), [])
    },
  },
  {
    name: 'bad-arguments',
    title: 'an audit at no time at all is refused, and takes nothing',
    async run(context) {
      const pair = await context.create()
      await pair.store.put(bytesOf('stray'), textMeta)
      for (const time of [Number.NaN, 0.5, undefined as never]) {
        await assert.rejects(reclaimUnreferencedAttachments(pair.manifest, pair.store, time), error =>
          AttachmentInvalidArgumentError.isInstance(error),
        )
      }
      assert.deepEqual(await blobsOf(pair.store, ['stray']), ['stray'])
    },
  },
])
