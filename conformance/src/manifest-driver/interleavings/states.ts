import type { AttachmentManifest, OrphanClaim } from '@lash/attachments-core'
import { endOfTime, holder, intentFor, refsOf, type Who } from '../../manifest/steps.ts'

/** What is there when two calls begin. */
export interface State {
  /** In words, for a failure. */
  readonly name: string
  /** Leads there, on an empty manifest. Returns the claims that stand. */
  steps(manifest: AttachmentManifest): Promise<readonly OrphanClaim[]>
}

function record(manifest: AttachmentManifest, name: string, who: Who): Promise<number> {
  return manifest.recordIntent(intentFor(name, who))
}

function claimAll(manifest: AttachmentManifest): Promise<OrphanClaim[]> {
  return manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 10 })
}

export const nothing: State = { name: 'when nothing is there', steps: async () => [] }

export const put: State = {
  name: 'when A has put x',
  async steps(manifest) {
    await record(manifest, 'x', 'A')
    return []
  },
}

export const committed: State = {
  name: 'when A has committed x',
  async steps(manifest) {
    await record(manifest, 'x', 'A')
    await manifest.commitRefs('A', refsOf('x'))
    return []
  },
}

export const released: State = {
  name: 'when A has released x',
  async steps(manifest) {
    await record(manifest, 'x', 'A')
    await manifest.releaseRefs('A')
    return []
  },
}

export const shared: State = {
  name: 'when A and B have put x, and A has put y',
  async steps(manifest) {
    await record(manifest, 'x', 'A')
    await record(manifest, 'x', 'B')
    await record(manifest, 'y', 'A')
    return []
  },
}

export const held: State = {
  name: 'when two holders of A have x, and the first has committed it',
  async steps(manifest) {
    await record(manifest, 'x', holder('A', 'first'))
    await record(manifest, 'x', holder('A', 'second'))
    await manifest.commitRefs('A', refsOf('x'), { holder: 'first' })
    return []
  },
}

export const claimed: State = {
  name: 'when x is claimed',
  async steps(manifest) {
    await record(manifest, 'x', 'A')
    return claimAll(manifest)
  },
}

export const reclaimed: State = {
  name: 'when x was reclaimed',
  async steps(manifest) {
    await record(manifest, 'x', 'A')
    await manifest.settleClaims(await claimAll(manifest))
    return []
  },
}
