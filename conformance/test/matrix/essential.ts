import type { ConformanceCase, HarnessKind } from '@lash/attachments-conformance'

/** What the smaller pass runs, on runtimes that the whole matrix is not run on: bytes in and out, streams, commits, crashes, sweeps. */
const groups: Readonly<Record<HarnessKind, readonly string[]>> = {
  store: ['round trip', 'streams', 'durability'],
  manifest: ['commit', 'host transaction', 'processes'],
  session: ['put', 'commit', 'sweep'],
}

export function isEssential(tested: ConformanceCase): boolean {
  return groups[tested.kind].includes(tested.group)
}
