import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { copiesOf, type ManifestSteps } from '../steps.ts'

/** Reclaims content until unknown content begins above 0, if the manifest ever forgets. Returns where it begins. */
async function raiseFloor(steps: ManifestSteps & { purge(): Promise<void> }): Promise<number> {
  for (let time = 0; time < 3; time++) {
    await steps.record('raises it', 'gone')
    await steps.reclaim('raises it')
  }
  await steps.purge()
  return steps.record('begins there', 'session')
}

export const floorStrayCases: readonly ManifestCase[] = manifestGroup('audit above and below the floor', {
  below: {
    title: 'a blob of unknown content below where such content begins is free to delete, and is no claim',
    async run(subject) {
      const floor = await raiseFloor(subject)
      const { record, takeOver, claimBlobs, settle } = subject
      for (let generation = 0; generation < floor; generation++) {
        const free = await claimBlobs(`a@${generation}`)
        assert.deepEqual(copiesOf(free), [`a@${generation}`])
        assert.equal(await takeOver('a'), undefined, 'nobody else has to know of it')
        await settle(...free)
      }
      assert.equal(await record('a', 'session'), floor, 'it does not move the content')
    },
  },
  at: {
    title: 'a blob of unknown content where such content begins, or above, is claimed, and its name is not given out',
    async run(subject) {
      const floor = await raiseFloor(subject)
      const { record, takeOver, claimBlobs, settle } = subject
      const claims = await claimBlobs(`a@${floor}`, `b@${floor + 3}`)
      assert.deepEqual(copiesOf(claims), [`a@${floor}`, `b@${floor + 3}`])
      assert.equal((await takeOver('a'))?.generation, floor)
      assert.equal(await record('a', 'session'), floor + 1)
      assert.equal(await record('b', 'session'), floor + 4)
      await settle(...claims)
      assert.equal(await record('b', 'other'), floor + 4)
    },
  },
  purged: {
    title: 'copies of content that the manifest has forgotten are free to delete, below all that it gives out later',
    async run(subject) {
      const { purge, record, commit, claimBlobs, settle, reclaim } = subject
      for (let generation = 0; generation < 3; generation++) {
        assert.equal(await record('a', 'gone'), generation)
        await reclaim('a')
      }
      await purge()
      const claims = await claimBlobs('a@0', 'a@1', 'a@2')
      assert.deepEqual(copiesOf(claims), ['a@0', 'a@1', 'a@2'])
      const again = await record('a', 'session')
      assert.ok(again > 2)
      await settle(...claims)
      await commit('session', `a@${again}`)
    },
  },
})
