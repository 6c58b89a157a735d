import type { AttachmentManifest, OrphanClaim } from '@lash/attachments-core'
import { type AttachmentManifestDriver, PortableAttachmentManifest } from '@lash/attachments-core/backend'
import { copiesOf, endOfTime, intentFor, namesOf } from '../../manifest/steps.ts'
import { idOf } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import type { Call } from './calls.ts'
import { PlainMap } from './plain-map.ts'
import type { State } from './states.ts'

/** What is there when two calls begin, and which two. */
export interface Scene {
  readonly before: string
  readonly entries: ReadonlyMap<string, string>
  readonly calls: readonly [Call, Call]
}

/** The entries that lead to a state, and the claims that stand in it. */
export async function stateAfter(
  state: State,
): Promise<{ entries: ReadonlyMap<string, string>; claims: readonly OrphanClaim[] }> {
  const map = new PlainMap()
  const claims = await state.steps(manifestOn(map, false))
  return { entries: map.entries, claims }
}

/** All manifests of a scene have the same clock, so that it does not matter which call comes first. */
export function manifestOn(driver: AttachmentManifestDriver, purges: boolean): AttachmentManifest {
  return new PortableAttachmentManifest(driver, { now: () => 5000, ...(purges ? { tombstoneRetentionMs: 0 } : {}) })
}

/** What the calls may answer and leave: what they do one after the other, in every order that keeps their turns. */
export async function allowedBy({ entries, calls }: Scene): Promise<ReadonlySet<string>> {
  const allowed = new Set<string>()
  for (const order of ordersOf(calls[0].steps.length, calls[1].steps.length)) {
    const map = new PlainMap(entries)
    const answers: [unknown[], unknown[]] = [[], []]
    for (const at of order) {
      const { steps, purges = false } = calls[at]
      const step = steps[answers[at].length] as Call['steps'][number]
      answers[at].push(await step(manifestOn(map, purges)))
    }
    allowed.add(await resultOf(answers, map.entries))
  }
  return allowed
}

/** Every way to merge so many steps of the first with so many of the second. */
function ordersOf(first: number, second: number): (0 | 1)[][] {
  if (first + second === 0) return [[]]
  return [
    ...(first > 0 ? ordersOf(first - 1, second).map(rest => [0 as const, ...rest]) : []),
    ...(second > 0 ? ordersOf(first, second - 1).map(rest => [1 as const, ...rest]) : []),
  ]
}

/** Answers and what is there afterwards, to be compared: tokens are left out, and fences. */
export async function resultOf(
  answers: readonly unknown[],
  entries: Iterable<readonly [string, string]>,
): Promise<string> {
  const manifest = manifestOn(new PlainMap(entries), false)
  const refs = []
  for (const session of ['A', 'B']) {
    for (const entry of await collect(manifest.listRefs(session))) {
      const { holder, generation, intentAtEpochMs, committedAtEpochMs, releasedAtEpochMs } = entry
      const said = [session, holder, ...namesOf([entry]), generation, intentAtEpochMs]
      refs.push([...said, committedAtEpochMs ?? '-', releasedAtEpochMs ?? '-'].join(' '))
    }
  }
  const loose = namesOf(await collect(manifest.listUncommitted(endOfTime)))
  const takeovers = { olderThanEpochMs: Number.MIN_SAFE_INTEGER, limit: 10, staleClaimEpochMs: endOfTime }
  const claimed = copiesOf(await manifest.claimOrphans(takeovers))
  const next = []
  for (const name of ['x', 'y', 'unknown']) next.push(await manifest.recordIntent(intentFor(name, 'another session')))
  const found = await manifest.lookup('A', idOf('x'))
  return JSON.stringify({ answers, refs: refs.sort(), loose, claimed, next, found: found?.holder })
}
