import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { assertExpired, claimOnly, entryOf, hold, idOf, namesOf, reclaim, record, refOf, takeOver } from '../steps.ts'

export const blobCases: readonly ManifestCase[] = caseGroup('manifest', 'audit', [
  {
    name: 'unknown',
    title: 'a blob of unknown content is claimed at its generation, and its name is never given out again',
    async run(context) {
      const { manifest } = await context.create()
      const claims = await manifest.claimBlobs([
        { id: idOf('a'), generation: 0 },
        { id: idOf('b'), generation: 7 },
      ])
      assert.deepEqual(claims.map(({ generation }) => generation).sort(), [0, 7])
      assert.deepEqual(namesOf(claims, ['a', 'b']), ['a', 'b'])
      assert.equal(await record(manifest, 'a', 'session'), 1)
      assert.equal(await record(manifest, 'b', 'session'), 8)
      await manifest.settleClaims(claims)
      await manifest.commitRefs('session', [refOf('a', 1), refOf('b', 8)])
    },
  },
  {
    name: 'settled',
    title: 'a claim on a stray blob settles as any other',
    async run(context) {
      const { manifest } = await context.create()
      const claims = await manifest.claimBlobs([{ id: idOf('a'), generation: 3 }])
      await manifest.settleClaims(claims)
      assert.equal(await takeOver(manifest, 'a'), undefined)
      assert.equal(await record(manifest, 'a', 'session'), 4)
    },
  },
  {
    name: 'stale',
    title: 'a claim on a stray blob whose sweeper died is taken over by a sweep',
    async run(context) {
      const { manifest } = await context.create()
      await manifest.claimBlobs([{ id: idOf('a'), generation: 2 }])
      assert.equal((await takeOver(manifest, 'a'))?.generation, 2)
    },
  },
  {
    name: 'at-the-tombstone',
    title: 'a blob at the generation of content that nobody refers to is claimed',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await reclaim(manifest, 'a')
      const claims = await manifest.claimBlobs([{ id: idOf('a'), generation: 1 }])
      assert.deepEqual(
        claims.map(({ generation }) => generation),
        [1],
      )
      assert.equal(await record(manifest, 'a', 'session'), 2)
    },
  },
  {
    name: 'above',
    title: 'a blob above the generation of content that nobody refers to is claimed, and the content raised to it',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await reclaim(manifest, 'a')
      const claims = await manifest.claimBlobs([{ id: idOf('a'), generation: 6 }])
      assert.deepEqual(
        claims.map(({ generation }) => generation),
        [6],
      )
      await manifest.settleClaims(claims)
      assert.equal(await record(manifest, 'a', 'session'), 7)
    },
  },
  {
    name: 'below',
    title: 'a blob below the generation of the content is free to delete, and its claim settles nothing',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await reclaim(manifest, 'a')
      await hold(manifest, 'a', 'session')
      const before = await entryOf(manifest, 'a', 'session')
      const claims = await manifest.claimBlobs([{ id: idOf('a'), generation: 0 }])
      assert.deepEqual(
        claims.map(({ attachmentId, generation }) => ({ attachmentId, generation })),
        [{ attachmentId: idOf('a'), generation: 0 }],
      )
      await manifest.settleClaims(claims)
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), before)
      assert.equal(await record(manifest, 'a', 'other'), 1)
    },
  },
  {
    name: 'below-a-claim',
    title: 'a blob below a generation that is claimed is free to delete, and leaves the claim as it is',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await reclaim(manifest, 'a')
      await record(manifest, 'a', 'session')
      const current = await claimOnly(manifest, 'a')
      const free = await manifest.claimBlobs([{ id: idOf('a'), generation: 0 }])
      assert.equal(free.length, 1)
      await manifest.settleClaims(free)
      assert.equal((await takeOver(manifest, 'a'))?.generation, current.generation)
    },
  },
  {
    name: 'live',
    title: 'a blob of content that has any ref, committed, intended or released, is left out and nothing changes',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'intended', 'session', 1)
      await hold(manifest, 'committed', 'session')
      await hold(manifest, 'released', 'session')
      await manifest.releaseRefs('session', [idOf('released')])
      const names = ['intended', 'committed', 'released']
      const before = await Promise.all(names.map(name => entryOf(manifest, name, 'session')))
      for (const generation of [0, 1, 9]) {
        const blobs = names.map(name => ({ id: idOf(name), generation }))
        assert.deepEqual(await manifest.claimBlobs(blobs), [], `generation ${generation}`)
      }
      assert.deepEqual(await Promise.all(names.map(name => entryOf(manifest, name, 'session'))), before)
      await manifest.commitRefs('session', [refOf('intended', 0), refOf('committed', 0)])
    },
  },
  {
    name: 'claimed',
    title: 'a blob at or above a generation under a claim is left to whoever has the claim',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const claimed = await claimOnly(manifest, 'a')
      for (const generation of [0, 4]) {
        assert.deepEqual(await manifest.claimBlobs([{ id: idOf('a'), generation }]), [])
      }
      await manifest.settleClaims([claimed])
      assert.equal(await record(manifest, 'a', 'session'), 1)
    },
  },
  {
    name: 'exclusive',
    title: 'of two audits at once each blob is claimed by one, and one blob named twice by one claim',
    async run(context) {
      const { manifest } = await context.create()
      const names = Array.from({ length: 50 }, (_, index) => `stray ${index}`)
      const blobs = names.map(name => ({ id: idOf(name), generation: 0 }))
      const claims = (await Promise.all([1, 2, 3].map(() => manifest.claimBlobs([...blobs, ...blobs])))).flat()
      assert.deepEqual(namesOf(claims, names), [...names].sort())
    },
  },
  {
    name: 'several-copies',
    title: 'audits of several copies of one content come to the end, each copy free to delete once',
    async run(context) {
      const { manifest } = await context.create()
      let left = [0, 2, 5].map(generation => ({ id: idOf('a'), generation }))
      for (let round = 0; round < 4 && left.length > 0; round++) {
        const claims = await manifest.claimBlobs(left)
        assert.ok(claims.length > 0, 'every round frees something')
        left = left.filter(blob => !claims.some(({ generation }) => generation === blob.generation))
        await manifest.settleClaims(claims)
      }
      assert.deepEqual(left, [])
      assert.ok((await record(manifest, 'a', 'session')) > 5)
    },
  },
  {
    name: 'intent-after',
    title: 'an intent after an audit claimed the blob goes to the next generation; the old name is refused to commits',
    async run(context) {
      const { manifest } = await context.create()
      const [stray] = await manifest.claimBlobs([{ id: idOf('a'), generation: 0 }])
      assert.ok(stray)
      assert.equal(await record(manifest, 'a', 'session'), 1)
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], 'the blob is being deleted')
      await manifest.settleClaims([stray])
      await manifest.commitRefs('session', [refOf('a', 1)])
    },
  },
  {
    name: 'beyond',
    title: 'a blob beyond generation 2^51, from where content could not go on for ever, is left out; content goes on',
    async run(context) {
      const { manifest } = await context.create()
      const half = 2 ** 51
      await hold(manifest, 'held', 'session')
      for (const generation of [half + 1, 2 * half - 1, 2 * half]) {
        const blobs = [idOf('a'), idOf('held')].map(id => ({ id, generation }))
        assert.deepEqual(await manifest.claimBlobs(blobs), [], `generation ${generation}`)
      }
      assert.equal(await record(manifest, 'a', 'session'), 0)
      const claims = await manifest.claimBlobs([{ id: idOf('b'), generation: half }])
      assert.equal(claims.length, 1)
      await manifest.settleClaims(claims)
      for (const next of [half + 1, half + 2]) {
        assert.equal(await record(manifest, 'b', 'session'), next)
        await manifest.commitRefs('session', [refOf('b', next)])
        await manifest.releaseRefs('session', [idOf('b')])
        await reclaim(manifest, 'b')
      }
    },
  },
  {
    name: 'mixed',
    title: 'one call claims what is stray, frees what is old and leaves out what is live; malformed ids are left out',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'live', 'session')
      await record(manifest, 'old', 'session')
      await reclaim(manifest, 'old')
      await hold(manifest, 'old', 'session')
      assert.deepEqual(await manifest.claimBlobs([]), [])
      const claims = await manifest.claimBlobs([
        { id: idOf('live'), generation: 0 },
        { id: 'not an id', generation: 0 },
        { id: idOf('old'), generation: 0 },
        { id: idOf('old'), generation: 1 },
        { id: '', generation: 0 },
        { id: idOf('stray'), generation: 0 },
      ])
      assert.deepEqual(namesOf(claims, ['live', 'old', 'stray']), ['old', 'stray'])
      assert.equal(claims.find(({ attachmentId }) => attachmentId === idOf('old'))?.generation, 0)
    },
  },
])
