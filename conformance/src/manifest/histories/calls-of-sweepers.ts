import assert from 'node:assert/strict'
import type { AttachmentKey, OrphanClaim, OrphanQuery } from '@lash/attachments-core'
import type * as FastCheck from 'fast-check'
import { copyName, textOf } from '../../run/contents.ts'
import type { Generator } from '../../run/random-values.ts'
import { collect } from '../../run/samples.ts'
import { namesOf } from '../steps.ts'
import {
  type Call,
  contents,
  endOfTime,
  idFor,
  idsText,
  idText,
  later,
  mostly,
  objectText,
  type Subject,
  someContents,
  times,
} from './call.ts'
import { sameEntries, sameEntry } from './same-entries.ts'

/** The calls that sweepers, auditors and operators make. */
export function callsOfSweepers(fc: Generator): FastCheck.WeightedArbitrary<Call>[] {
  const time = fc.constantFrom(...times, endOfTime)
  const query = fc.record({
    olderThanEpochMs: time,
    limit: fc.constantFrom(1, 2, 100),
    staleClaimEpochMs: fc.option(time, { nil: undefined }),
    releasedOnly: fc.option(fc.boolean(), { nil: undefined }),
  })
  const some = fc.option(someContents(fc), { nil: undefined })
  const copy = fc.record({ content: mostly(fc, contents), above: fc.constantFrom(-1, 0, 1, 2 ** 33) })
  const copies = fc.array(copy, { maxLength: 4 })
  const which = fc.array(fc.nat({ max: 5 }), { maxLength: 3 })
  return [
    { weight: 3, arbitrary: fc.record({ query, some }).map(claimOrphans) },
    { weight: 2, arbitrary: fc.record({ copies, dryRun: fc.boolean() }).map(claimBlobs) },
    { weight: 2, arbitrary: which.map(settleClaims) },
    { weight: 1, arbitrary: mostly(fc, [...contents, 'a!']).map(forget) },
    { weight: 1, arbitrary: time.map(listUncommitted) },
    { weight: 3, arbitrary: fc.constantFrom(...times.filter(epochMs => epochMs >= 0)).map(setClock) },
    { weight: 1, arbitrary: fc.constant(settleLater) },
  ]
}

interface ClaimOf {
  readonly query: Omit<OrphanQuery, 'ids'>
  readonly some: readonly string[] | undefined
}

export function claimOrphans({ query: given, some }: ClaimOf): Call {
  const query: OrphanQuery = { ...given, ids: some?.map(idFor) }
  const idsPart = some === undefined ? '' : `ids: ${idsText(some)}, `
  return {
    code: on => `await ${on}.claimOrphans({ ${idsPart}${objectText({ ...given }).slice(2)})`,
    async run(subject) {
      const { ids, count, stops } = subject.reference.claimable(query)
      const generations = new Map(ids.map(id => [id, subject.reference.content(id).generation]))
      const claims = await subject.manifest.claimOrphans(query)
      const names = namesOf(claims)
      assert.deepEqual(names, [...new Set(names)], 'no content is claimed twice')
      const allowed = ids.map(textOf).sort()
      if (count === ids.length) assert.deepEqual(names, allowed, 'what is claimed')
      assert.ok(
        names.every(name => allowed.includes(name)),
        `claimed ${names}, of which only ${allowed} may be`,
      )
      assert.equal(names.length, count, 'as many as may be')
      for (const { attachmentId, generation } of claims) {
        assert.equal(generation, generations.get(attachmentId), `generation of ${textOf(attachmentId)}`)
      }
      take(subject, claims)
      for (const ref of subject.reference.droppable(query)) {
        const found = stops ? await subject.manifest.lookup(ref.sessionId, ref.attachmentId, ref) : undefined
        if (found === undefined) subject.reference.drop(ref)
        else sameEntry(found, ref, 'a ref that a sweep left')
      }
      return claimsText(claims)
    },
  }
}

interface AuditOf {
  /** Copies so far above the generation of their content, or below it. */
  readonly copies: readonly { readonly content: string; readonly above: number }[]
  readonly dryRun: boolean
}

export function claimBlobs({ copies, dryRun }: AuditOf): Call {
  const text = copies.map(({ content, above }) => `copy(${content}, ${above})`).join(', ')
  return {
    code: on => `await ${on}.claimBlobs([${text}], ${objectText({ dryRun })})`,
    async run(subject) {
      const { reference, manifest } = subject
      const keys = copies.flatMap(({ content, above }): AttachmentKey[] => {
        const id = idFor(content)
        const [lowest, highest] = reference.nextGenerations(id)
        // Between both, what the manifest has forgotten decides.
        const generation = above < 0 ? lowest + above : highest + above
        return generation < 0 || generation > 2 ** 51 ? [] : [{ id, generation }]
      })
      const claims = await manifest.claimBlobs(keys, { dryRun })
      const expected: string[] = []
      const claimed: string[] = []
      for (const id of new Set(keys.map(key => key.id))) {
        const generations = new Set(keys.filter(key => key.id === id).map(key => key.generation))
        const generation = Math.max(...generations)
        generations.delete(generation)
        const found = reference.audit({ id, generation }, [...generations])
        if (found.claimed) claimed.push(copyName({ id, generation }))
        expected.push(...found.freed.map(freed => copyName({ id, generation: freed })))
      }
      const namesOf = claims.map(({ attachmentId: id, generation }) => copyName({ id, generation }))
      assert.deepEqual(namesOf.sort(), [...expected, ...claimed].sort(), 'what is returned')
      const isClaim = ({ attachmentId: id, generation }: OrphanClaim) => claimed.includes(copyName({ id, generation }))
      take(subject, dryRun ? [] : claims.filter(isClaim))
      // These settle nothing, which is to be seen.
      subject.claims.push(...claims.filter(claim => dryRun || !isClaim(claim)))
      return claimsText(claims)
    },
  }
}

/** Settles claims by their places among all that were returned, the last first. */
function settleClaims(which: readonly number[]): Call {
  return {
    code: on => `await ${on}.settleClaims([${which.map(place => `lastClaims[${place}]`).join(', ')}])`,
    async run({ manifest, reference, claims }) {
      const settled = which.flatMap(place => claims.at(-1 - place) ?? [])
      await manifest.settleClaims(settled)
      for (const claim of settled) reference.settle(claim)
      return settled.length === 0 ? undefined : claimsText(settled)
    },
  }
}

function forget(name: string): Call {
  return {
    code: on => `await ${on}.forget(${idText(name)})`,
    async run({ manifest, reference }) {
      await manifest.forget(idFor(name))
      if (!name.endsWith('!')) reference.forget(idFor(name))
    },
  }
}

export function listUncommitted(olderThanEpochMs: number): Call {
  return {
    code: on => `await ${on}.listUncommitted(${olderThanEpochMs})`,
    async run({ manifest, reference }) {
      const entries = await collect(manifest.listUncommitted(olderThanEpochMs))
      const expected = reference.refs.filter(ref => reference.isOrphan(ref.attachmentId, olderThanEpochMs))
      sameEntries(entries, expected, 'what a sweep would take')
      const groups = entries.filter(({ attachmentId }, index) => attachmentId !== entries[index - 1]?.attachmentId)
      const contentCount = new Set(entries.map(({ attachmentId }) => attachmentId)).size
      assert.equal(groups.length, contentCount, 'the refs of one content come one after the other')
      return `${entries.length} refs`
    },
  }
}

/** Does nothing where the clock cannot be set. */
function setClock(epochMs: number): Call {
  return {
    code: () => `setClock(${epochMs})`,
    async run({ setClock: set }) {
      set?.(epochMs)
    },
  }
}

/** Has the manifest forget what it may forget. */
const settleLater: Call = {
  code: on => `setClock(${later}); await ${on}.settleClaims([])`,
  async run({ manifest, setClock: set }) {
    set?.(later)
    await manifest.settleClaims([])
  },
}

function take({ reference, claims }: Subject, taken: readonly OrphanClaim[]): void {
  for (const claim of taken) {
    assert.ok(typeof claim.token === 'string' && claim.token !== '', 'a claim has a token')
    const isNew = claims.every(({ token }) => token !== claim.token)
    assert.ok(isNew, 'no token is given twice')
    reference.claim(claim)
    claims.push(claim)
  }
}

function claimsText(claims: readonly OrphanClaim[]): string {
  return `[${claims.map(({ attachmentId: id, generation }) => copyName({ id, generation })).join(', ')}]`
}
