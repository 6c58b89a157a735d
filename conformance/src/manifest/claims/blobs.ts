import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { numbered } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { blobsOf, copiesOf, namesOf } from '../steps.ts'

export const blobCases: readonly ManifestCase[] = manifestGroup('audit', {
  unknown: {
    title: 'a blob of unknown content is claimed at its generation, and its name is never given out again',
    async run({ record, commit, claimBlobs, settle }) {
      const claims = await claimBlobs('a@0', 'b@7')
      assert.deepEqual(copiesOf(claims), ['a@0', 'b@7'])
      assert.equal(await record('a', 'session'), 1)
      assert.equal(await record('b', 'session'), 8)
      await settle(...claims)
      await commit('session', 'a@1', 'b@8')
    },
  },
  settled: {
    title: 'a claim on a stray blob settles like any other',
    async run({ record, takeOver, claimBlobs, settle }) {
      const claims = await claimBlobs('a@3')
      await settle(...claims)
      assert.equal(await takeOver('a'), undefined)
      assert.equal(await record('a', 'session'), 4)
    },
  },
  stale: {
    title: 'a claim on a stray blob whose sweeper died is taken over by a sweep',
    async run({ takeOver, claimBlobs }) {
      await claimBlobs('a@2')
      assert.equal((await takeOver('a'))?.generation, 2)
    },
  },
  'at-the-tombstone': {
    title: 'a blob at the generation of content that nobody refers to is claimed',
    async run({ record, claimBlobs, reclaim }) {
      await record('a', 'session')
      await reclaim('a')
      assert.deepEqual(copiesOf(await claimBlobs('a@1')), ['a@1'])
      assert.equal(await record('a', 'session'), 2)
    },
  },
  above: {
    title: 'a blob above the generation of content that nobody refers to is claimed, and raises the content to it',
    async run({ record, claimBlobs, settle, reclaim }) {
      await record('a', 'session')
      await reclaim('a')
      const claims = await claimBlobs('a@6')
      assert.deepEqual(copiesOf(claims), ['a@6'])
      await settle(...claims)
      assert.equal(await record('a', 'session'), 7)
    },
  },
  below: {
    title: 'a blob below the generation of the content is free to delete, and its claim settles nothing',
    async run({ record, hold, entry, claimBlobs, settle, reclaim }) {
      await record('a', 'session')
      await reclaim('a')
      await hold('a', 'session')
      const before = await entry('a', 'session')
      const claims = await claimBlobs('a@0')
      assert.deepEqual(copiesOf(claims), ['a@0'])
      await settle(...claims)
      assert.deepEqual(await entry('a', 'session'), before)
      assert.equal(await record('a', 'other'), 1)
    },
  },
  'below-a-claim': {
    title: 'a blob below a generation that is claimed is free to delete, and leaves the claim as it is',
    async run({ record, claimOnly, takeOver, claimBlobs, settle, reclaim }) {
      await record('a', 'session')
      await reclaim('a')
      await record('a', 'session')
      const current = await claimOnly('a')
      const free = await claimBlobs('a@0')
      assert.equal(free.length, 1)
      await settle(...free)
      assert.equal((await takeOver('a'))?.generation, current.generation)
    },
  },
  live: {
    title: 'a blob of content with any ref, committed, intended or released, is not claimed, and nothing changes',
    async run({ record, hold, commit, release, entry, claimBlobs }) {
      await record('intended', 'session', 1)
      await hold('committed', 'session')
      await hold('released', 'session')
      await release('session', 'released')
      const names = ['intended', 'committed', 'released']
      const before = await Promise.all(names.map(name => entry(name, 'session')))
      for (const generation of [0, 1, 9]) {
        const blobs = names.map(name => `${name}@${generation}`)
        assert.deepEqual(await claimBlobs(...blobs), [], `generation ${generation}`)
      }
      assert.deepEqual(await Promise.all(names.map(name => entry(name, 'session'))), before)
      await commit('session', 'intended@0', 'committed@0')
    },
  },
  claimed: {
    title: 'a blob at or above a generation under a claim is left to whoever has the claim',
    async run({ record, claimOnly, claimBlobs, settle }) {
      await record('a', 'session')
      const claimed = await claimOnly('a')
      for (const blob of ['a@0', 'a@4']) assert.deepEqual(await claimBlobs(blob), [])
      await settle(claimed)
      assert.equal(await record('a', 'session'), 1)
    },
  },
  exclusive: {
    title: 'each blob is claimed once, by audits at the same time and when one audit names it twice',
    async run({ claimBlobs }) {
      const strays = numbered('stray', 50)
      const claims = (await Promise.all([1, 2, 3].map(() => claimBlobs(...strays, ...strays)))).flat()
      assert.deepEqual(namesOf(claims), strays.sort())
    },
  },
  'several-copies': {
    title: 'repeated audits claim every copy of one content, each copy once',
    async run({ record, claimBlobs, settle }) {
      let left = ['a@0', 'a@2', 'a@5']
      for (let round = 0; round < 4 && left.length > 0; round++) {
        const claims = await claimBlobs(...left)
        assert.ok(claims.length > 0, 'every round frees something')
        const freed = copiesOf(claims)
        left = left.filter(blob => !freed.includes(blob))
        await settle(...claims)
      }
      assert.deepEqual(left, [])
      assert.ok((await record('a', 'session')) > 5)
    },
  },
  'several-copies-at-once': {
    title: 'of several copies of content that nobody refers to, one audit claims the highest and frees the others',
    async run({ record, takeOver, claimBlobs, settle }) {
      const claims = await claimBlobs('a@2', 'a@5', 'a@0', 'b@1', 'a@5')
      assert.deepEqual(copiesOf(claims), ['a@0', 'a@2', 'a@5', 'b@1'])
      assert.equal((await takeOver('a'))?.generation, 5)
      assert.equal(await record('a', 'session'), 6)
      await settle(...claims)
      assert.equal(await record('a', 'other'), 6)
    },
  },
  'several-copies-of-live': {
    title: 'of several copies of live content, an audit frees those below its generation and leaves the others',
    async run({ record, hold, entry, claimBlobs, settle, reclaim }) {
      for (let generation = 0; generation < 2; generation++) {
        await record('a', 'session')
        await reclaim('a')
      }
      assert.equal(await hold('a', 'session'), 2)
      const before = await entry('a', 'session')
      const claims = await claimBlobs('a@3', 'a@1', 'a@2', 'a@0')
      assert.deepEqual(copiesOf(claims), ['a@0', 'a@1'])
      await settle(...claims)
      assert.deepEqual(await entry('a', 'session'), before)
    },
  },
  'intent-after': {
    title: 'after an audit has claimed a blob, an intent gets the next generation, and the old one cannot be committed',
    async run({ record, commit, mustRefuse, claimBlobs, settle }) {
      const [stray] = await claimBlobs('a@0')
      assert.ok(stray)
      assert.equal(await record('a', 'session'), 1)
      await mustRefuse('session', ['a@0'], 'the blob is being deleted')
      await settle(stray)
      await commit('session', 'a@1')
    },
  },
  beyond: {
    title: 'a blob beyond generation 2^51 is not claimed, so that content never runs out of generations',
    async run({ record, hold, commit, release, claimBlobs, settle, reclaim }) {
      const half = 2 ** 51
      await hold('held', 'session')
      for (const generation of [half + 1, 2 * half - 1, 2 * half]) {
        assert.deepEqual(await claimBlobs(`a@${generation}`, `held@${generation}`), [], `generation ${generation}`)
      }
      assert.equal(await record('a', 'session'), 0)
      const claims = await claimBlobs(`b@${half}`)
      assert.equal(claims.length, 1)
      await settle(...claims)
      for (const next of [half + 1, half + 2]) {
        assert.equal(await record('b', 'session'), next)
        await commit('session', `b@${next}`)
        await release('session', 'b')
        await reclaim('b')
      }
    },
  },
  mixed: {
    title: 'one call claims strays, frees old copies, and leaves out live blobs and malformed ids',
    async run({ manifest, record, hold, claimBlobs, reclaim }) {
      await hold('live', 'session')
      await record('old', 'session')
      await reclaim('old')
      await hold('old', 'session')
      assert.deepEqual(await claimBlobs(), [])
      const malformed = ['not an id', ''].map(id => ({ id, generation: 0 }))
      const blobs = blobsOf('live@0', 'old@0', 'old@1', 'stray@0')
      const claims = await manifest.claimBlobs([...blobs.slice(0, 1), ...malformed, ...blobs.slice(1)])
      assert.deepEqual(copiesOf(claims), ['old@0', 'stray@0'])
    },
  },
})
