import assert from 'node:assert/strict'
import type { AttachmentManifestRecord } from '@lash/attachments-core'
import { AttachmentInvalidArgumentError, AttachmentSchemaError } from '@lash/attachments-core'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertInvalid, copiesOf, endOfTime, holder, intentFor, namesOf, stepsOf } from '../steps.ts'
import { assertUntouched, exported, heldRecord, moving, recordsOf, sorted } from './moved.ts'

export const importCases: readonly ManifestCase[] = manifestGroup('import', {
  everything: {
    title: 'a manifest that takes over what another one knows lists, looks up and exports the same',
    async run(original) {
      const { manifest, record, hold, release, entriesOf, reclaim } = original
      const who = holder('session', 'draft')
      const label = '\u{1f4ce} "\u00e9"'
      await manifest.recordIntent(intentFor('a', who, -7, { mediaType: 'image/png', width: 1, height: 2, label }))
      const { meta: _, ...bare } = intentFor('a', 'session', 9)
      await manifest.recordIntent(bare)
      await hold('a', holder('session', 'x'.repeat(512)))
      await hold('b', 'session')
      await hold('released', 'session')
      await release('session', 'released')
      await record('again', 'session')
      await reclaim('again')
      await hold('again', 'other session')
      await record('buried', 'session')
      await reclaim('buried')
      await moving(original, async copy => {
        for (const session of ['session', 'other session']) {
          assert.deepEqual(new Set(await copy.entriesOf(session)), new Set(await entriesOf(session)))
        }
        assert.deepEqual(await copy.entry('a', 'session'), await original.entry('a', 'session'))
        assert.deepEqual(await copy.entry('a', who), await original.entry('a', who))
        assert.deepEqual(sorted(await exported(copy.manifest)), sorted(await exported(manifest)))
      })
    },
  },
  'goes-on': {
    title: 'what was taken over is committed, kept, swept and put again as it would have been over there',
    async run(original) {
      const { record, hold, release, reclaim } = original
      await hold('committed', 'session')
      await record('intended', 'session', 1000)
      await record('old', 'session', 500)
      await hold('released', 'session')
      await release('session', 'released')
      await record('again', 'session')
      await reclaim('again')
      await record('again', 'session')
      await record('buried', 'session')
      await reclaim('buried')
      await moving(original, async copy => {
        const due = await collect(copy.manifest.listUncommitted(endOfTime))
        assert.deepEqual(namesOf(due), ['again', 'intended', 'old', 'released'])
        await copy.commit('session', 'intended@0', 'again@1', 'committed@0')
        await copy.mustRefuse('session', ['released@0'], 'what was released over there')
        assert.deepEqual(copiesOf(await copy.claim({ olderThanEpochMs: 999 })), ['old@0'])
        assert.deepEqual(copiesOf(await copy.claim()), ['released@0'])
        const next = await original.record('buried', 'session')
        assert.ok(next >= 1, 'no generation is used twice')
        assert.equal(await copy.record('buried', 'session'), next)
        assert.deepEqual(await copy.claimBlobs('committed@0', 'again@1', 'intended@0'), [])
        assert.deepEqual(copiesOf(await copy.claimBlobs('again@0', 'buried@0')), ['again@0', 'buried@0'])
      })
    },
  },
  claims: {
    title: 'what is under a claim over there comes as a tombstone at its next generation',
    async run(original) {
      await original.record('claimed', 'session')
      const claim = await original.claimOnly('claimed')
      await moving(original, async copy => {
        assert.equal(await copy.takeOver('claimed'), undefined, 'the claim is not taken over')
        await copy.settle(claim)
        assert.equal(await copy.record('claimed', 'session'), 1, 'a deleter that has stalled deletes nothing of ours')
        await copy.settle(claim)
        await copy.commit('session', 'claimed@1')
        assert.deepEqual(copiesOf(await copy.claimBlobs('claimed@0', 'claimed@1')), ['claimed@0'])
      })
    },
  },
  floor: {
    title: 'unknown content starts at the floor of the manifest that was taken over, and stray copies below may go',
    requires: ['clock'],
    async run(original) {
      await original.hold('kept', 'session')
      for (let generation = 0; generation < 2; generation++) {
        await original.record('purged', 'session')
        await original.reclaim('purged')
      }
      await original.purge()
      await moving(original, async copy => {
        assert.equal(await copy.record('purged', 'session'), 2)
        assert.equal(await copy.record('new', 'session'), 2)
        assert.equal(await copy.record('kept', 'another'), 0, 'what is live stays where its bytes are')
        assert.deepEqual(copiesOf(await copy.claimBlobs('stray@1', 'other@2')), ['other@2', 'stray@1'])
        assert.equal(await copy.record('stray', 'session'), 2, 'a claim below the floor is one of nobody')
        assert.equal(await copy.record('other', 'session'), 3)
      })
    },
  },
  'refused-when-used': {
    title: 'an import into a manifest that knows a ref, a tombstone or a floor is refused, and changes nothing',
    async run({ withFresh }) {
      const uses: ((steps: ReturnType<typeof stepsOf>) => Promise<unknown>)[] = [
        steps => steps.record('known', 'session'),
        steps => steps.claimBlobs('known@0'),
        async steps => steps.settle(...(await steps.claimBlobs('known@4'))),
      ]
      for (const use of uses) {
        await withFresh(async ({ manifest }) => {
          const steps = stepsOf(manifest)
          await use(steps)
          const before = sorted(await exported(manifest))
          const records = recordsOf({ floor: 9 }, heldRecord('moved', 'session'))
          await assertInvalid(() => manifest.importContents(records), 'a manifest that was used')
          assert.deepEqual(sorted(await exported(manifest)), before)
          await steps.hold('known', 'session')
        })
      }
    },
  },
  'bad-records': {
    title: 'records that no manifest exports are refused, and nothing of them is taken over',
    async run(steps) {
      const { manifest } = steps
      const good = heldRecord('good', 'session')
      const [ref = assert.fail('no ref')] = good.refs
      const empty = { attachmentId: idOf('empty'), generation: 0, refs: [] }
      const bad: [string, unknown[]][] = [
        ['no floor', []],
        ['content before the floor', [good]],
        ['negative floor', [{ floor: -1 }]],
        ['floor as text', [{ floor: '1' }]],
        ['a second floor', [{ floor: 1 }, { floor: 2 }]],
        ['null', [{ floor: 0 }, null]],
        ['malformed id', [{ floor: 0 }, { ...good, attachmentId: 'abc' }]],
        ['no refs and no state', [{ floor: 0 }, empty]],
        ['a claim and a tombstone', [{ floor: 0 }, { ...empty, claimedAtEpochMs: 1, emptiedAtEpochMs: 1 }]],
        ['a claim with refs', [{ floor: 0 }, { ...good, claimedAtEpochMs: 1 }]],
        ['a fraction of a generation', [{ floor: 0 }, { ...empty, generation: 0.5, emptiedAtEpochMs: 1 }]],
        ['a time that is none', [{ floor: 0 }, { ...empty, emptiedAtEpochMs: Number.NaN }]],
        ['a ref at another generation', [{ floor: 0 }, { ...good, refs: [{ ...ref, generation: 1 }] }]],
        ['a ref to other content', [{ floor: 0 }, { ...good, attachmentId: idOf('other') }]],
        ['a ref without session', [{ floor: 0 }, { ...good, refs: [{ ...ref, sessionId: '' }] }]],
        ['a ref twice', [{ floor: 0 }, good, good]],
        ['content with refs, then a tombstone', [{ floor: 0 }, good, { ...good, refs: [], emptiedAtEpochMs: 1 }]],
        ['a tombstone, then refs', [{ floor: 0 }, { ...good, refs: [], emptiedAtEpochMs: 1 }, good]],
        ['content at two generations', [{ floor: 0 }, good, heldRecord('good', 'another session', 1)]],
      ]
      for (const [what, records] of bad) {
        await assertInvalid(() => manifest.importContents(recordsOf(...(records as AttachmentManifestRecord[]))), what)
      }
      await assertInvalid(() => manifest.importContents(null as never), 'no records')
      await assertUntouched(steps, 'after imports that were refused')
    },
  },
  'failing-source': {
    title: 'what the source of the records throws is thrown as it is, and nothing is taken over',
    async run(steps) {
      const reason = new TypeError('the other manifest is gone')
      const records = async function* () {
        yield { floor: 7 }
        for (const name of numbered('content', 1500)) yield heldRecord(name, 'session')
        throw reason
      }
      await assert.rejects(steps.manifest.importContents(records()), error => error === reason)
      await assertUntouched(steps, 'after an import whose source has failed')
    },
  },
  aborted: {
    title: 'an aborted import rejects with the reason and takes nothing over, even when its source does not answer',
    async run(steps) {
      const reason = new Error('enough')
      const controller = new AbortController()
      const records = async function* () {
        yield { floor: 7 }
        for (const name of numbered('content', 1500)) yield heldRecord(name, 'session')
        controller.abort(reason)
        await new Promise(() => {})
      }
      const importing = steps.manifest.importContents(records(), { signal: controller.signal })
      await assert.rejects(importing, error => error === reason)
      const late = steps.manifest.importContents(recordsOf({ floor: 7 }), { signal: AbortSignal.abort(reason) })
      await assert.rejects(late, error => error === reason)
      await assertUntouched(steps, 'after an import that was aborted')
    },
  },
  thousands: {
    title: 'thousands of refs, to one content and to many, and thousands of tombstones are taken over',
    async run(original) {
      const { manifest } = original
      const shared = heldRecord('shared', 'session')
      const refs = numbered('holder', 2500).map(name => ({ ...(shared.refs[0] ?? assert.fail()), holder: name }))
      const records = [
        { floor: 2 },
        { ...shared, refs: refs.slice(0, 1700) },
        { ...shared, refs: refs.slice(1700) },
        ...numbered('content', 1300).map(name => heldRecord(name, 'session')),
        ...numbered('buried', 1300).map(name => ({
          ...{ attachmentId: idOf(name), generation: 1, emptiedAtEpochMs: Date.now(), refs: [] },
        })),
      ]
      await manifest.importContents(recordsOf(...records))
      const { floor, contents } = await exported(manifest)
      const moved = contents.get('shared')?.refs ?? []
      assert.deepEqual([floor, contents.size, moved.length], [2, 2601, refs.length])
      // As sets they would be compared each with each.
      assert.deepEqual(new Map(moved.map(ref => [ref.holder, ref])), new Map(refs.map(ref => [ref.holder, ref])))
      assert.deepEqual(contents.get('content 1299'), heldRecord('content 1299', 'session'))
      assert.equal(await original.record('buried 1299', 'session'), 1)
      assert.deepEqual(await original.claim({ ids: [idOf('shared')] }), [])
    },
  },
  'beside-an-intent': {
    title: 'an intent beside an import is recorded after it, or refused, or has the import refused',
    async run(steps) {
      const { manifest, entriesOf } = steps
      const moved = numbered('moved', 300)
      const importing = manifest.importContents(
        recordsOf({ floor: 5 }, ...moved.map(name => heldRecord(name, 'moved'))),
      )
      const [imported, recorded] = await Promise.allSettled([importing, steps.record('new', 'session')])
      if (imported.status === 'rejected') {
        assert.ok(AttachmentInvalidArgumentError.isInstance(imported.reason), `${imported.reason}`)
        assert.deepEqual([recorded.status, await entriesOf('moved')], ['fulfilled', []])
      } else {
        assert.equal((await entriesOf('moved')).length, moved.length)
        if (recorded.status === 'fulfilled') assert.equal(recorded.value, 5, 'it starts at the floor')
      }
      assert.equal((await entriesOf('session')).length, recorded.status === 'fulfilled' ? 1 : 0)
    },
  },
  'two-at-once': {
    title: 'of two imports at once one is taken over whole, or none',
    async run(steps) {
      const { manifest, entriesOf, reopenIfPossible } = steps
      const other = await reopenIfPossible()
      const names = numbered('moved', 1200)
      const outcomes = await Promise.allSettled(
        [manifest, other.manifest].map((target, index) =>
          target.importContents(
            recordsOf({ floor: index }, ...names.map(name => heldRecord(name, `session ${index}`))),
          ),
        ),
      )
      const counts = [(await entriesOf('session 0')).length, (await entriesOf('session 1')).length]
      const expected = outcomes.map(({ status }) => (status === 'fulfilled' ? names.length : 0))
      assert.deepEqual(counts, expected)
      assert.ok(counts.includes(0), 'never both')
    },
  },
  killed: {
    title: 'an import whose process is killed leaves nothing that is taken for the rest, and may be repeated',
    requires: ['child', 'crash-safe'],
    async run({ manifest, record, entriesOf, startProcess }) {
      const child = await startProcess()
      await child.importHalfway()
      await child.kill()
      const found = await entriesOf('cut off').catch((error: unknown) => {
        // A manifest that takes steps refuses every call until the import is repeated.
        assert.ok(AttachmentSchemaError.isInstance(error), `${error}`)
        return []
      })
      assert.deepEqual(found, [], 'a part of what was imported can be seen')
      await manifest.importContents(recordsOf({ floor: 2 }, heldRecord('moved', 'session')))
      assert.deepEqual(sorted(await exported(manifest)), {
        floor: 2,
        contents: [{ name: 'moved', ...heldRecord('moved', 'session') }],
      })
      assert.equal(await record('content 0', 'session'), 2, 'nothing is left of the first import')
    },
  },
  survives: {
    title: 'what was taken over survives a close and a reopen',
    requires: ['reopen', 'crash-safe'],
    async run({ manifest, reopen }) {
      const buried = { attachmentId: idOf('buried'), generation: 4, emptiedAtEpochMs: Date.now(), refs: [] }
      await manifest.importContents(recordsOf({ floor: 2 }, heldRecord('held', 'session', 1), buried))
      await manifest.close()
      const again = await reopen()
      await again.commit('session', 'held@1')
      assert.equal(await again.record('buried', 'session'), 4)
      assert.equal(await again.record('new', 'session'), 2)
    },
  },
})
