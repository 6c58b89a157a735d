import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { assertExpired, claim, claimOnly, collected, entryOf, hold, idOf, record, refOf, takeOver } from '../steps.ts'

export const forgetCases: readonly ManifestCase[] = caseGroup('manifest', 'forget', [
  {
    name: 'refs',
    title: 'forget drops every ref to the id, whoever holds it, and no other',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'first')
      await record(manifest, 'a', 'second')
      await hold(manifest, 'b', 'first')
      await manifest.forget(idOf('a'))
      assert.equal(await manifest.lookup('first', idOf('a')), undefined)
      assert.equal(await manifest.lookup('second', idOf('a')), undefined)
      assert.equal((await collected(manifest.listRefs('first'))).length, 1)
      await entryOf(manifest, 'b', 'first')
      assert.deepEqual(await claim(manifest), [])
    },
  },
  {
    name: 'next-generation',
    title: 'forget moves to the next generation, so that a ref from before it commits nothing',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      await manifest.forget(idOf('a'))
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], 'forgotten')
      assert.equal(await record(manifest, 'a', 'session'), 1)
      await assertExpired(manifest.commitRefs('session', [refOf('a', 0)]), ['a'], 'the generation from before')
      await manifest.commitRefs('session', [refOf('a', 1)])
    },
  },
  {
    name: 'claim',
    title: 'forget drops a claim: it settles nothing and cannot be taken over, and its generation is not used again',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const claimed = await claimOnly(manifest, 'a')
      await manifest.forget(idOf('a'))
      assert.equal(await takeOver(manifest, 'a'), undefined)
      const generation = await record(manifest, 'a', 'session')
      assert.ok(generation > claimed.generation)
      await manifest.settleClaims([claimed])
      await manifest.commitRefs('session', [refOf('a', generation)])
    },
  },
  {
    name: 'unknown',
    title: 'forgetting what is not known, or is not an id, does nothing',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      for (const id of [idOf('unknown'), 'not an id', '', '%', idOf('a').toUpperCase()]) await manifest.forget(id)
      await entryOf(manifest, 'a', 'session')
    },
  },
  {
    name: 'twice',
    title: 'forgetting again is fine',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await manifest.forget(idOf('a'))
      await manifest.forget(idOf('a'))
      const generation = await record(manifest, 'a', 'session')
      assert.ok(generation >= 1)
      await manifest.commitRefs('session', [refOf('a', generation)])
    },
  },
])
