import type { AnyHarness, ConformanceCase, HarnessKind } from '@lash/attachments-conformance'

/** The groups that run on runtimes where the whole matrix does not. */
const groups: Readonly<Record<HarnessKind, readonly string[]>> = {
  store: ['round trip', 'streams', 'durability'],
  manifest: ['commit', 'host transaction', 'processes'],
  session: ['put', 'commit', 'sweep'],
  'manifest-driver': ['apply'],
}

/** Pairs of a store and a manifest, each of which is in another pair too. */
export const rarePairs: readonly string[] = [
  ...['fs x memory', 'memory x sqlite', 'sqlite x memory', 'memory x postgres', 'fs x postgres', 'sqlite x postgres'],
  ...['sqlite x sqlite', 'postgres x postgres', 'postgres x memory', 'postgres x sqlite', 's3 x memory', 's3 x sqlite'],
]

/** What differs from another column in what does not depend on the runtime. Each backend is in a pair that runs. */
const variants: readonly string[] = [
  ...['session (memory)', 'session (fs, sqlite)', 'persistence (memory)', 'sqlite (memory)'],
  ...['postgres (given pool)', 's3 (given client)'],
  ...['memory x memory', 'memory x portable'],
]

/** Each is run whole with one of the test runners of authors, and here as a half of a pair. */
const onRunners: readonly string[] = ['lmdb', 'redis']

/** Their halves run alone. What is left to show are sweeps, where one half deletes what the other has claimed. */
const loosePairs: readonly string[] = ['fs x sqlite', 's3 x postgres']

/** Kills many processes: what that does to bytes depends on the backend, and hardly on the runtime. */
const dearest = 'store/durability/killed-after-put'

export function isEssentialColumn({ name }: AnyHarness): boolean {
  return ![...rarePairs, ...variants, ...onRunners].includes(name)
}

export function isEssential({ name }: AnyHarness, { id, kind, group }: ConformanceCase): boolean {
  if (loosePairs.includes(name)) return group === 'sweep'
  return groups[kind].includes(group) && id !== dearest
}
