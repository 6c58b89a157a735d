import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertNames, holder, intentFor } from '../steps.ts'
import { exported, sorted } from './moved.ts'

export const exportCases: readonly ManifestCase[] = manifestGroup('export', {
  nothing: {
    title: 'a manifest that knows nothing exports the floor 0',
    async run({ manifest }) {
      assert.deepEqual(await collect(manifest.exportContents()), [{ floor: 0 }])
    },
  },
  states: {
    title: 'an export has every ref as it is listed, with claims, tombstones and their generations',
    async run({ manifest, record, hold, release, entriesOf, claimOnly, reclaim }) {
      await manifest.recordIntent(intentFor('shared', 'one', 1, { mediaType: 'image/png', width: 1, label: 'a' }))
      const { meta: _, ...bare } = intentFor('shared', holder('one', 'draft'), -5)
      await manifest.recordIntent(bare)
      await hold('shared', 'two')
      await hold('released', 'two')
      await release('two', 'released')
      await record('claimed', 'gone')
      await claimOnly('claimed')
      await record('again', 'one')
      await reclaim('again')
      await record('again', 'one')
      await record('buried', 'gone')
      await reclaim('buried')

      const found = await exported(manifest)
      // A manifest that remembers nothing has raised its floor instead.
      const remembered = found.floor < 1 ? ['buried'] : []
      assertNames([...found.contents.keys()], ['shared', 'released', 'again', 'claimed', ...remembered], 'the contents')
      const refs = [...found.contents.values()].flatMap(content => content.refs)
      assert.deepEqual(new Set(refs), new Set([...(await entriesOf('one')), ...(await entriesOf('two'))]))
      assert.equal(refs.length, 5)
      assert.equal(found.contents.get('again')?.generation, 1)
      for (const name of remembered) {
        const { emptiedAtEpochMs, ...buried } = found.contents.get(name) ?? assert.fail(name)
        assert.deepEqual(buried, { attachmentId: idOf(name), generation: 1, refs: [] })
        assert.ok(Number.isSafeInteger(emptiedAtEpochMs), 'a tombstone says since when it is one')
      }
      const { claimedAtEpochMs, ...claimed } = found.contents.get('claimed') ?? assert.fail('claimed')
      assert.deepEqual(claimed, { attachmentId: idOf('claimed'), generation: 0, refs: [] })
      assert.ok(Number.isSafeInteger(claimedAtEpochMs), 'a claim says since when it is one')
    },
  },
  floor: {
    title: 'an export says the floor, once generations were forgotten',
    requires: ['clock'],
    async run({ manifest, record, reclaim, purge }) {
      for (let generation = 0; generation < 3; generation++) {
        await record('purged', 'session')
        await reclaim('purged')
      }
      await purge()
      assert.deepEqual(sorted(await exported(manifest)), { floor: 3, contents: [] })
    },
  },
  thousands: {
    title: 'an export has thousands of refs once each, of one content too',
    async run({ manifest, record, claimBlobs, settle }) {
      const holders = numbered('holder', 1100).map(name => holder('session', name))
      const names = numbered('content', 1100)
      await Promise.all(holders.map(who => record('shared', who)))
      await Promise.all(names.map(name => record(name, 'session')))
      const buried = numbered('buried', 1100)
      await settle(...(await claimBlobs(...buried)))
      const { contents } = await exported(manifest)
      const kept = [...contents.keys()].filter(name => !name.startsWith('buried'))
      assertNames(kept, ['shared', ...names], 'the contents with refs')
      const shared = contents.get('shared')?.refs ?? []
      assertNames(
        shared.map(ref => ref.holder),
        holders.map(who => who.holder),
        'the holders of one content',
      )
    },
  },
  aborted: {
    title: 'an aborted export ends with the reason, at its next record',
    async run({ manifest, record }) {
      await record('a', 'session')
      const reason = new Error('enough')
      const isReason = (error: unknown) => error === reason
      await assert.rejects(collect(manifest.exportContents({ signal: AbortSignal.abort(reason) })), isReason)
      const controller = new AbortController()
      const records = manifest.exportContents({ signal: controller.signal })[Symbol.asyncIterator]()
      assert.deepEqual(await records.next(), { done: false, value: { floor: 0 } })
      controller.abort(reason)
      await assert.rejects(records.next(), isReason)
      assert.equal((await exported(manifest)).contents.size, 1)
    },
  },
})
