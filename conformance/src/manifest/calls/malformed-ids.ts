import assert from 'node:assert/strict'
import type { AttachmentId, AttachmentManifest } from '@lash/attachments-core'
import type { ManifestCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { copiesOf, endOfTime, namesOf } from '../steps.ts'

/** What is no id, though it is like that of the content, or like a pattern that fits it. */
function malformed(name: string): AttachmentId[] {
  const id = idOf(name)
  const cut = id.slice(0, -1)
  const strange = [id.toUpperCase(), `sha256:${id}`, `${id} `, ` ${id}`, `${id}\n`, `${id}\0`, `${cut}%`, `${cut}_`]
  return [...strange, `${cut}*`, `${cut}?`, cut, `${id}0`, `../${id}`, '%', '*', 'not an id', '']
}

export const malformedIdCases: readonly ManifestCase[] = manifestGroup('malformed ids', {
  release: {
    title: 'a release of malformed ids alone releases nothing, and among others it releases the others',
    async run({ manifest, hold, entriesOf, isReleased }) {
      for (const name of ['a', 'b']) await hold(name, 'session')
      const before = await entriesOf('session')
      for (const id of malformed('a')) await manifest.releaseRefs('session', [id])
      await manifest.releaseRefs('session', malformed('a'), { holder: '' })
      assert.deepEqual(await entriesOf('session'), before)
      await manifest.releaseRefs('session', [...malformed('a'), idOf('b'), ...malformed('a')])
      assert.deepEqual([await isReleased('a', 'session'), await isReleased('b', 'session')], [false, true])
    },
  },
  claim: {
    title: 'a sweep of malformed ids alone claims nothing, and among others it claims the others',
    async run({ manifest, record, entry }) {
      for (const name of ['claimed', 'a', 'b']) await record(name, 'session')
      const claim = (ids: readonly AttachmentId[]) =>
        manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 10, staleClaimEpochMs: endOfTime, ids })
      assert.equal((await claim([idOf('claimed')])).length, 1)
      for (const name of ['a', 'claimed']) {
        for (const id of malformed(name)) assert.deepEqual(await claim([id]), [], JSON.stringify(id))
        assert.deepEqual(await claim(malformed(name)), [])
      }
      assert.deepEqual(namesOf(await claim([...malformed('a'), idOf('b'), ...malformed('b')])), ['b'])
      await entry('a', 'session')
    },
  },
  audit: {
    title: 'an audit leaves out malformed ids, which change nothing, and claims the others',
    async run({ manifest, record }) {
      const blobs = malformed('a').map(id => ({ id, generation: 3 }))
      for (const dryRun of [true, false]) assert.deepEqual(await manifest.claimBlobs(blobs, { dryRun }), [])
      const claims = await manifest.claimBlobs([...blobs, { id: idOf('b'), generation: 3 }, ...blobs])
      assert.deepEqual(copiesOf(claims), ['b@3'])
      assert.equal(await record('a', 'session'), 0)
    },
  },
  settle: {
    title: 'a settlement passes over malformed ids, and settles the claims behind them',
    async run({ manifest, record, claimOnly, takeOver }) {
      for (const name of ['a', 'b']) await record(name, 'session')
      const [ofA, ofB] = [await claimOnly('a'), await claimOnly('b')]
      const strange = malformed('a').map(attachmentId => ({ ...ofA, attachmentId }))
      await settleAlone(manifest, strange)
      const standing = await takeOver('a')
      assert.ok(standing, 'the claim was not settled')
      await manifest.settleClaims([...strange, ofB, ...strange])
      assert.equal(await takeOver('b'), undefined, 'it is settled')
      assert.equal((await takeOver('a'))?.generation, 0)
    },
  },
  forget: {
    title: 'forget does nothing to a malformed id, nor to one that is like it, nor to unknown content',
    async run({ manifest, record, hold, entry, forget }) {
      await hold('a', 'session')
      const before = await entry('a', 'session')
      for (const id of malformed('a')) await manifest.forget(id)
      assert.deepEqual(await entry('a', 'session'), before)
      for (let time = 0; time < 2; time++) await forget('unknown')
      assert.equal(await record('unknown', 'session'), 0)
    },
  },
})

async function settleAlone(
  manifest: AttachmentManifest,
  claims: readonly { attachmentId: AttachmentId; generation: number; token: string }[],
): Promise<void> {
  for (const claim of claims) await manifest.settleClaims([claim])
}
