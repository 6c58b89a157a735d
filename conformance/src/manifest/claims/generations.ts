import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { copiesOf } from '../steps.ts'

export const generationCases: readonly ManifestCase[] = manifestGroup('generations', {
  'are-numbers': {
    title: 'generations are compared and counted as numbers, up to 2^51 and beyond',
    async run({ record, commit, mustRefuse, release, entry, claimBlobs, settle, reclaim }) {
      for (const generation of [9, 99, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 32 + 1, 2 ** 40, 2 ** 51]) {
        const name = `up to ${generation}`
        await settle(...(await claimBlobs(`${name}@${generation}`)))
        const next = await record(name, 'session')
        assert.equal(next, generation + 1)
        const below = [`${name}@2`, `${name}@${generation}`]
        assert.deepEqual(copiesOf(await claimBlobs(...below, `${name}@${next}`)), below.sort())
        await mustRefuse('session', [`${name}@${generation}`], 'the generation before')
        await commit('session', `${name}@${next}`)
        assert.equal((await entry(name, 'session')).generation, next)
        await release('session', name)
        assert.equal((await reclaim(name)).generation, next)
        assert.equal(await record(name, 'session'), next + 1)
      }
    },
  },
})
