import assert from 'node:assert/strict'
import { reclaimOrphanedAttachments, reclaimUnreferencedAttachments } from '@lash/attachments-core'
import type * as FastCheck from 'fast-check'
import { endOfTime, idFor, later, mostly, objectText, times } from '../../manifest/histories/call.ts'
import { copiesOf } from '../../manifest/steps.ts'
import { bytesOf, copyName, textOf } from '../../run/contents.ts'
import type { Generator } from '../../run/random-values.ts'
import { collect } from '../../run/samples.ts'
import type { Call } from './call.ts'
import { contents } from './views.ts'

/** The calls that sweepers, auditors and operators make. */
export function callsOfSweepers(fc: Generator): FastCheck.WeightedArbitrary<Call>[] {
  const time = fc.constantFrom(...times, endOfTime)
  const batchSize = fc.constantFrom(1, 1000)
  const dryRun = mostly(fc, ['', 'dry run']).map(text => text !== '')
  const above = fc.constantFrom(-1, 0, 0, 1)
  return [
    { weight: 3, arbitrary: fc.record({ olderThan: time, staleClaim: time, batchSize, dryRun }).map(sweep) },
    { weight: 2, arbitrary: time.map(stoppedSweep) },
    { weight: 2, arbitrary: fc.nat({ max: 3 }).map(goOn) },
    { weight: 1, arbitrary: dryRun.map(audit) },
    { weight: 1, arbitrary: fc.record({ content: mostly(fc, contents), above }).map(putStray) },
    { weight: 1, arbitrary: fc.constant(listCopies) },
    { weight: 3, arbitrary: fc.constantFrom(...times.filter(epochMs => epochMs >= 0)).map(setClock) },
    { weight: 1, arbitrary: fc.constant(settleLater) },
    { weight: 1, arbitrary: fc.constant(reopen) },
  ]
}

interface SweepOf {
  readonly olderThan: number
  readonly staleClaim: number
  readonly batchSize: number
  readonly dryRun: boolean
}

export function sweep({ olderThan, staleClaim, batchSize, dryRun }: SweepOf): Call {
  const options = { staleClaimEpochMs: staleClaim, batchSize, dryRun }
  return {
    code: on => `await sweep(${on}, ${olderThan}, ${objectText(options)})`,
    async run({ pair, reference }) {
      const report = await reclaimOrphanedAttachments(pair.manifest, pair.store, olderThan, options)
      const count = dryRun ? reference.orphanCount(olderThan) : reference.sweep(olderThan, staleClaim).length
      const expected = { scannedIntentCount: count, reclaimedCount: dryRun ? 0 : count, failures: [] }
      assert.deepEqual(report, expected, 'the report')
      return `${count} contents`
    },
  }
}

/** The sweeper claims, and stops there until it goes on. */
function stoppedSweep(olderThan: number): Call {
  const query = { olderThanEpochMs: olderThan, limit: 100 }
  return {
    code: on => `await ${on}.manifest.claimOrphans(${objectText(query)})`,
    async run({ pair, reference: { manifest }, claims }) {
      const { ids } = manifest.claimable(query)
      const expected = ids.map(id => copyName({ id, generation: manifest.content(id).generation }))
      const claimed = await pair.manifest.claimOrphans(query)
      const names = copiesOf(claimed)
      assert.deepEqual(names, expected.sort(), 'what is claimed')
      for (const claim of claimed) manifest.claim(claim)
      for (const ref of manifest.droppable(query)) manifest.drop(ref)
      claims.push(...claimed)
      return names.join(', ')
    },
  }
}

/** A sweeper that has stopped goes on, whatever has happened to its claim. */
function goOn(place: number): Call {
  return {
    code: on => `await goOn(${on}, lastClaims[${place}])`,
    async run({ pair, reference, claims }) {
      const claim = claims.at(-1 - place)
      if (claim === undefined) return undefined
      const { attachmentId: id, generation } = claim
      await pair.store.delete(id, { generation })
      await pair.manifest.settleClaims([claim])
      reference.deleteCopy(id, generation)
      reference.manifest.settle(claim)
      return copyName({ id, generation })
    },
  }
}

export function audit(dryRun: boolean): Call {
  const options = { dryRun, maxDeleteRatio: 1 }
  return {
    code: on => `await audit(${on}, ${endOfTime}, ${objectText(options)})`,
    async run({ pair, reference }) {
      const report = await reclaimUnreferencedAttachments(pair.manifest, pair.store, endOfTime, options)
      const strays = reference.unreferenced()
      const expected = {
        scannedIntentCount: reference.copies().length,
        reclaimedCount: dryRun ? 0 : strays.length,
        failures: [],
        unreferencedCount: strays.length,
        unreferencedByteLength: strays.reduce((sum, { id }) => sum + textOf(id).length, 0),
      }
      assert.deepEqual(report, expected, 'the report')
      if (!dryRun) reference.audit()
      return `${strays.length} copies`
    },
  }
}

/** Puts a copy without a session, so far above the generation of its content, or below it. */
function putStray({ content, above }: { content: string; above: number }): Call {
  return {
    code: on => `await putStray(${on}, ${content}, ${above})`,
    async run({ pair, reference }) {
      const id = idFor(content)
      const generation = Math.max(0, reference.manifest.content(id).generation + above)
      await pair.store.put(bytesOf(content), { mediaType: 'text/plain', label: 'stray' }, { generation })
      reference.addCopy(id, generation)
      return copyName({ id, generation })
    },
  }
}

export const listCopies: Call = {
  code: on => `await all(${on}.store.list())`,
  async run({ pair, reference }) {
    const listed = await collect(pair.store.list())
    const names = listed.map(copyName).sort()
    assert.deepEqual(names, reference.copies(), 'the copies in the store')
    return names.join(', ')
  },
}

function setClock(epochMs: number): Call {
  return {
    code: () => `setClock(${epochMs})`,
    run: async subject => subject.setClock(epochMs),
  }
}

/** Has the manifest forget what it may forget. */
const settleLater: Call = {
  code: on => `setClock(${later}); await ${on}.manifest.settleClaims([])`,
  async run(subject) {
    subject.setClock(later)
    await subject.pair.manifest.settleClaims([])
  },
}

const reopen: Call = {
  code: on => `${on} = await reopened(${on})`,
  run: subject => subject.reopen(),
}
