import type { SessionHarness } from '@lash/attachments-conformance'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'

/**
 * Store and manifest in memory: fixtures cost nothing, and no call waits for another, as exploring every schedule
 * needs.
 */
export const memoryPair: SessionHarness = {
  kind: 'session',
  name: 'memory + memory',
  capabilities: [],
  async create() {
    return {
      store: new InMemoryAttachmentStore(),
      manifest: new InMemoryAttachmentManifest(),
      async dispose() {},
    }
  },
  async cleanup() {},
}

export default memoryPair
