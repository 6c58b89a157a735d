import assert from 'node:assert/strict'
import type { AttachmentKey } from '@lash/attachments-core'
import type { ManifestCase } from '../../case.ts'
import { numbered } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { type ManifestUnderTest, manifestGroup } from '../manifest-under-test.ts'
import { blobsOf, copiesOf, endOfTime } from '../steps.ts'

/** Contents in every state, and copies of them below, at and above their generations: 1 of what was reclaimed, or 0. */
async function everyState(subject: ManifestUnderTest): Promise<AttachmentKey[]> {
  const { record, hold, release, reclaim, claimOnly } = subject
  const reclaimed = ['tombstone', 'live', 'claimed']
  for (const name of [...reclaimed, 'intended', 'released']) await record(name, 'session')
  for (const name of reclaimed) await reclaim(name)
  await hold('live', 'session')
  await record('claimed', 'session')
  await claimOnly('claimed')
  await release('session', 'released')
  const names = ['unknown', ...reclaimed, 'intended', 'released']
  return names.flatMap(name => blobsOf(`${name}@0`, `${name}@1`, `${name}@2`, `${name}@1`))
}

export const dryRunCases: readonly ManifestCase[] = manifestGroup('audit, dry run', {
  'same-copies': {
    title: 'a dry run returns the very copies that the audit then claims, of contents in every state',
    async run(subject) {
      const { manifest } = subject
      const blobs = await everyState(subject)
      const found = copiesOf(await manifest.claimBlobs(blobs, { dryRun: true }))
      assert.deepEqual(copiesOf(await manifest.claimBlobs(blobs, { dryRun: true })), found, 'a second dry run')
      assert.deepEqual(copiesOf(await manifest.claimBlobs(blobs, { dryRun: false })), found, 'the audit')
      const expected = ['claimed@0', 'live@0', ...[0, 1, 2].flatMap(at => [`tombstone@${at}`, `unknown@${at}`])]
      assert.deepEqual(found, expected.sort())
    },
  },
  'changes-nothing': {
    title: 'a dry run claims nothing, moves nothing and makes nothing known',
    async run(subject) {
      const { manifest, record, commit, entriesOf, takeOver } = subject
      const blobs = await everyState(subject)
      const before = [await entriesOf('session'), await collect(manifest.listUncommitted(endOfTime))]
      await manifest.claimBlobs([...blobs, ...blobsOf('unknown@9', 'tombstone@9')], { dryRun: true })
      assert.deepEqual([await entriesOf('session'), await collect(manifest.listUncommitted(endOfTime))], before)
      for (const name of ['unknown', 'tombstone', 'live']) assert.equal(await takeOver(name), undefined, name)
      assert.equal((await takeOver('claimed'))?.generation, 1)
      assert.equal(await record('tombstone', 'session'), 1)
      assert.equal(await record('live', 'other'), 1)
      assert.ok((await record('unknown', 'session')) < 9)
      await commit('session', 'intended@0', 'tombstone@1')
    },
  },
  'tokens-settle-nothing': {
    title: 'the tokens of a dry run settle nothing',
    async run(subject) {
      const { manifest, record, settle, takeOver } = subject
      const blobs = await everyState(subject)
      const unclaimed = await record('probe', 'session')
      await settle(...(await manifest.claimBlobs(blobs, { dryRun: true })))
      assert.equal(await record('tombstone', 'session'), 1)
      assert.equal(await record('unknown', 'session'), unclaimed)
      assert.equal((await takeOver('claimed'))?.generation, 1)
    },
  },
  'does-not-hold-up': {
    title: 'what a dry run has found can be claimed by another audit, and put and committed by a session',
    async run({ manifest, record, commit, claimBlobs, claim, mustRefuse }) {
      const strays = numbered('stray', 20)
      const found = await manifest.claimBlobs(blobsOf(...strays), { dryRun: true })
      assert.equal(found.length, 20)
      assert.equal(await record('stray 0', 'session'), 0)
      await commit('session', 'stray 0@0')
      assert.equal((await claimBlobs(...strays)).length, 19)
      assert.deepEqual(await manifest.claimBlobs(blobsOf(...strays), { dryRun: true }), [], 'all are claimed or live')
      assert.deepEqual(await claim(), [])
      await mustRefuse('session', ['stray 1@0'], 'never recorded')
    },
  },
  nothing: {
    title: 'a dry run of nothing, or of malformed ids alone, returns nothing, and a bad generation is refused',
    async run({ manifest, record }) {
      assert.deepEqual(await manifest.claimBlobs([], { dryRun: true }), [])
      assert.deepEqual(await manifest.claimBlobs([{ id: 'x', generation: 0 }], { dryRun: true }), [])
      const bad = manifest.claimBlobs(blobsOf('a@0', 'b@-1'), { dryRun: true })
      await assert.rejects(bad, { code: 'invalid_argument' })
      assert.equal(await record('a', 'session'), 0)
    },
  },
})
