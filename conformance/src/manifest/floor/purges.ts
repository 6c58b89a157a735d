import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { numbered } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { copiesOf, holder, type ManifestSteps, namesOf } from '../steps.ts'

type Reclaiming = Pick<ManifestSteps, 'record' | 'reclaim'>

/** Gives out so many generations of the content, and reclaims each. Returns the last one. */
async function useUp({ record, reclaim }: Reclaiming, name: string, generations: number): Promise<number> {
  let last = -1
  for (let time = 0; time < generations; time++) {
    const generation = await record(name, 'gone')
    assert.ok(generation > last, `${name}: generation ${generation} was given out before`)
    assert.equal((await reclaim(name)).generation, generation)
    last = generation
  }
  return last
}

/** Every manifest must keep these rules whenever it forgets generations, and if it never does. */
export const purgeCases: readonly ManifestCase[] = manifestGroup('purge', {
  'never-used-again': {
    title: 'a generation is never given out again, also when the manifest has forgotten that it gave it out',
    async run({ purge, record, commit, mustRefuse, reclaim }) {
      const last = await useUp({ record, reclaim }, 'a', 3)
      await purge()
      const again = await record('a', 'session')
      assert.ok(again > last, `generation ${again} was given out before`)
      for (let old = 0; old <= last; old++) await mustRefuse('session', [`a@${old}`], 'that copy was reclaimed')
      await commit('session', `a@${again}`)
    },
  },
  'again-and-again': {
    title: 'a generation is never given out again, however often the manifest forgets',
    async run({ purge, record, reclaim }) {
      let last = -1
      for (let time = 0; time < 4; time++) {
        const next = await useUp({ record, reclaim }, 'a', 1)
        assert.ok(next > last, `after ${time} purges: generation ${next} was given out before`)
        last = next
        await purge()
      }
    },
  },
  'of-many-contents': {
    title: 'a purge of many contents, each at a generation of its own, lets none of them use a generation again',
    async run({ purge, record, reclaim }) {
      const names = ['a', 'b', 'c', 'd']
      const last = new Map<string, number>()
      for (const [index, name] of names.entries()) last.set(name, await useUp({ record, reclaim }, name, 4 - index))
      await purge()
      for (const name of names.toReversed()) {
        const again = await record(name, 'session')
        assert.ok(again > (last.get(name) ?? 0), `${name}: generation ${again} was given out before`)
      }
    },
  },
  'never-falls': {
    title: 'a purge of content at a low generation takes nothing back of an earlier one of content at a high one',
    async run({ purge, record, release, reclaim }) {
      await record('low', 'session')
      const high = await useUp({ record, reclaim }, 'high', 5)
      await purge()
      await release('session')
      await reclaim('low')
      await purge()
      const again = await record('high', 'session')
      assert.ok(again > high, `generation ${again} was given out before`)
    },
  },
  'live-stays': {
    title: 'content with refs, committed, intended or released, stays at its generation when other content is purged',
    async run({ purge, record, hold, commit, release, entry, claimBlobs, claimOnly, mustRefuse, reclaim }) {
      const names = ['committed', 'intended', 'released']
      for (const name of names) assert.equal(await record(name, 'session'), 0)
      await commit('session', 'committed@0', 'released@0')
      await release('session', 'released')
      const before = await Promise.all(names.map(name => entry(name, 'session')))
      await useUp({ record, reclaim }, 'a', 4)
      await purge()
      assert.deepEqual(await Promise.all(names.map(name => entry(name, 'session'))), before)
      assert.deepEqual(await claimBlobs(...names.map(name => `${name}@0`)), [], 'an audit leaves them alone')
      assert.equal((await claimOnly('released')).generation, 0)
      for (const who of ['other', holder('session', 'draft')]) {
        for (const name of ['committed', 'intended']) assert.equal(await record(name, who), 0, name)
        await commit(who, 'committed@0', 'intended@0')
      }
      assert.equal(await hold('intended', 'session'), 0)
      await mustRefuse('session', ['released@0'], 'claimed')
    },
  },
  'live-again-stays': {
    title: 'content that was reclaimed and put again stays at its generation when other content is purged',
    async run({ purge, record, commit, claimBlobs, reclaim }) {
      const last = await useUp({ record, reclaim }, 'a', 2)
      const live = await record('a', 'session')
      assert.ok(live > last)
      await useUp({ record, reclaim }, 'b', live + 3)
      await purge()
      await commit('session', `a@${live}`)
      assert.equal(await record('a', 'other'), live)
      assert.deepEqual(await claimBlobs(`a@${live}`), [])
      assert.deepEqual(copiesOf(await claimBlobs(`a@${live - 1}`)), [`a@${live - 1}`], 'the copy below is free')
    },
  },
  'claimed-stays': {
    title: 'a claim stands through purges of other content: it is settled, taken over or met as before',
    async run({ purge, record, claimOnly, takeOver, settle, reclaim }) {
      for (const name of ['settled', 'met', 'taken']) await record(name, 'session')
      const settled = await claimOnly('settled')
      for (const name of ['met', 'taken']) await claimOnly(name)
      await useUp({ record, reclaim }, 'a', 3)
      await purge()
      assert.equal((await takeOver('taken'))?.generation, 0)
      assert.ok((await record('met', 'session')) > 0, 'generation 0 is being deleted')
      await settle(settled)
      assert.equal(await takeOver('settled'), undefined)
      assert.ok((await record('settled', 'session')) > 0)
    },
  },
  'stalled-deleter': {
    title:
      'a deleter that stalls until its content was reclaimed and forgotten has no name in its hand that is used again',
    async run({ purge, record, commit, claimOnly, takeOver, settle, isCommitted, claim }) {
      await record('a', 'gone')
      const stalled = await claimOnly('a')
      const taken = await takeOver('a')
      assert.ok(taken)
      await settle(taken)
      await purge()
      const again = await record('a', 'session')
      assert.ok(again > stalled.generation, 'the stalled one is about to delete that copy')
      await commit('session', `a@${again}`)
      await settle(stalled)
      assert.ok(await isCommitted('a', 'session'))
      assert.equal(await record('a', 'other'), again)
      assert.deepEqual(await claim(), [])
    },
  },
  'stalled-auditor': {
    title:
      'an audit that stalls until the stray it claimed was reclaimed and forgotten harms nothing that is put later',
    async run({ purge, record, commit, takeOver, claimBlobs, settle, isCommitted }) {
      const [stalled] = await claimBlobs('a@5')
      assert.equal(stalled?.generation, 5)
      const taken = await takeOver('a')
      assert.ok(taken)
      await settle(taken)
      await purge()
      const again = await record('a', 'session')
      assert.ok(again > 5, 'the stalled one is about to delete generation 5')
      await commit('session', `a@${again}`)
      await settle(stalled)
      assert.ok(await isCommitted('a', 'session'))
    },
  },
  forgotten: {
    title: 'content that an operator forgot, and the manifest too, begins above the generations it had',
    async run({ purge, hold, record, mustRefuse, forget }) {
      await hold('a', 'session')
      await forget('a')
      await purge()
      await mustRefuse('session', ['a@0', 'a'], 'forgotten')
      assert.ok((await record('a', 'session')) > 0)
    },
  },
  'with-intents': {
    title: 'an intent that meets a purge of its content gets a generation that was never given out',
    async run({ purge, record, claim, settle, reopenIfPossible }) {
      const names = numbered('content', 40)
      await Promise.all(names.map(name => record(name, 'gone')))
      await settle(...(await claim()))
      const other = await reopenIfPossible()
      const first = names.slice(0, 20).map(name => other.record(name, 'session'))
      const purging = Promise.all([purge(), other.settle()])
      const last = names.slice(20).map(name => record(name, 'session'))
      const generations = await Promise.all([...first, ...last])
      await purging
      for (const [index, name] of names.entries()) {
        const generation = generations[index] ?? 0
        assert.ok(generation > 0, `${name}: generation 0 was given out before`)
        assert.equal(await record(name, 'other'), generation, name)
      }
      assert.deepEqual(namesOf(await claim()), names.sort(), 'each is there once')
    },
  },
  'seen-by-others': {
    title: 'what one instance has forgotten, another over the same data gives out no more',
    requires: ['reopen'],
    async run({ purge, reopen, record, reclaim }) {
      const other = await reopen()
      await other.hold('warm', 'session')
      const last = await useUp({ record, reclaim }, 'a', 3)
      const ofB = await useUp(other, 'b', 1)
      await purge()
      assert.ok((await other.record('a', 'session')) > last)
      assert.ok((await other.record('b', 'session')) > ofB)
      assert.equal(await other.record('warm', 'other'), 0)
    },
  },
  'survives-a-reopen': {
    title: 'a manifest that is closed and opened again gives out no generation that it had given out and forgotten',
    requires: ['reopen', 'crash-safe'],
    async run({ purge, reopen, manifest, hold, record, reclaim }) {
      await hold('kept', 'session')
      const last = await useUp({ record, reclaim }, 'a', 4)
      await purge()
      await manifest.close()
      const again = await reopen()
      assert.ok((await again.record('a', 'session')) > last)
      assert.equal(await again.record('kept', 'other'), 0)
    },
  },
})
