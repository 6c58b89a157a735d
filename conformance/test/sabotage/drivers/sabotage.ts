import type { ManifestDriverHarness } from '@lash/attachments-conformance'
import type { AttachmentManifestChanges, AttachmentManifestRange } from '@lash/attachments-core/backend'
import { type MemoryManifestDriver, SharedMap } from '../../manifest-drivers/memory-driver.ts'

/** A driver with one realistic defect. */
export interface SabotagedDriver {
  readonly name: string
  /** What its author did wrong. */
  readonly defect: string
  /** The cases that must catch it. Their titles name the rule that is broken. */
  readonly caughtBy: readonly string[]
  new (map: SharedMap): MemoryManifestDriver
}

export type Changes = AttachmentManifestChanges
export type Range = AttachmentManifestRange
export type Entries = [key: string, value: string][]

export function sabotagedHarness(Driver: SabotagedDriver): ManifestDriverHarness {
  return {
    kind: 'manifest-driver',
    name: Driver.name,
    capabilities: ['reopen'],
    async create() {
      const map = new SharedMap()
      return { driver: new Driver(map), reopen: async () => new Driver(map), dispose: async () => {} }
    },
    cleanup: async () => {},
  }
}
