import type { SessionHarness } from '@lash/attachments-conformance'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { SettableClock } from '../harnesses/clock.ts'

const day = 24 * 60 * 60 * 1000

/**
 * The pair that every schedule is explored on: a fixture costs nothing, and no call waits for another. The manifest
 * remembers what it has reclaimed, so that a plan decides when that is purged.
 */
export const memoryPair: SessionHarness = {
  kind: 'session',
  name: 'memory + memory',
  capabilities: ['clock'],
  async create() {
    const clock = new SettableClock()
    return {
      store: new InMemoryAttachmentStore(),
      manifest: new InMemoryAttachmentManifest({ now: clock.now, tombstoneRetentionMs: 30 * day }),
      setClock: clock.set,
      async dispose() {},
    }
  },
  async cleanup() {},
}

export default memoryPair
