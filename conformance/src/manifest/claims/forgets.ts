import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'

export const forgetCases: readonly ManifestCase[] = manifestGroup('forget', {
  refs: {
    title: 'forget drops every ref to the id, whoever holds it, and no other',
    async run({ record, hold, lookup, entry, entriesOf, claim, forget }) {
      await hold('a', 'first')
      await record('a', 'second')
      await hold('b', 'first')
      await forget('a')
      assert.equal(await lookup('a', 'first'), undefined)
      assert.equal(await lookup('a', 'second'), undefined)
      assert.equal((await entriesOf('first')).length, 1)
      await entry('b', 'first')
      assert.deepEqual(await claim(), [])
    },
  },
  'next-generation': {
    title: 'forget moves to the next generation, so that older refs cannot be committed',
    async run({ record, commit, mustRefuse, forget }) {
      await record('a', 'session')
      await forget('a')
      await mustRefuse('session', ['a@0'], 'forgotten')
      assert.equal(await record('a', 'session'), 1)
      await mustRefuse('session', ['a@0'], 'the generation from before')
      await commit('session', 'a@1')
    },
  },
  claim: {
    title: 'forget drops a claim: it settles nothing and cannot be taken over, and its generation is not used again',
    async run({ record, commit, claimOnly, takeOver, settle, forget }) {
      await record('a', 'session')
      const claimed = await claimOnly('a')
      await forget('a')
      assert.equal(await takeOver('a'), undefined)
      const generation = await record('a', 'session')
      assert.ok(generation > claimed.generation)
      await settle(claimed)
      await commit('session', `a@${generation}`)
    },
  },
  unknown: {
    title: 'forgetting an unknown or malformed id does nothing',
    async run({ manifest, hold, entry }) {
      await hold('a', 'session')
      for (const id of [idOf('unknown'), 'not an id', '', '%', idOf('a').toUpperCase()]) await manifest.forget(id)
      await entry('a', 'session')
    },
  },
  twice: {
    title: 'forgetting the same id twice succeeds',
    async run({ record, hold, commit, forget }) {
      await hold('a', 'session')
      await forget('a')
      await forget('a')
      const generation = await record('a', 'session')
      assert.ok(generation >= 1)
      await commit('session', `a@${generation}`)
    },
  },
})
