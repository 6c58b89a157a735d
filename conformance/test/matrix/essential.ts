import type { ConformanceCase, HarnessKind } from '@lash/attachments-conformance'

/** The groups that run on runtimes where the whole matrix does not. */
const groups: Readonly<Record<HarnessKind, readonly string[]>> = {
  store: ['round trip', 'streams', 'durability'],
  manifest: ['commit', 'host transaction', 'processes'],
  session: ['put', 'commit', 'sweep'],
}

export function isEssential(tested: ConformanceCase): boolean {
  return groups[tested.kind].includes(tested.group)
}
