import type { AnyHarness, ConformanceCase, HarnessKind } from '@lash/attachments-conformance'

/** The groups that run on runtimes where the whole matrix does not. */
const groups: Readonly<Record<HarnessKind, readonly string[]>> = {
  store: ['round trip', 'streams', 'durability'],
  manifest: ['commit', 'host transaction', 'processes'],
  session: ['put', 'commit', 'sweep'],
}

/** The stores that are not paired with every manifest there. Each backend is in a pair. */
const rarePairs: readonly string[] = [
  ...['fs x memory', 'memory x sqlite', 'sqlite x memory', 'memory x postgres', 'fs x postgres', 'sqlite x postgres'],
  ...['postgres x memory', 'postgres x sqlite', 's3 x memory', 's3 x sqlite'],
]

export function isEssentialColumn({ name }: AnyHarness): boolean {
  return !rarePairs.includes(name)
}

export function isEssential(tested: ConformanceCase): boolean {
  return groups[tested.kind].includes(tested.group)
}
