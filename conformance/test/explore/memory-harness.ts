import type { SessionHarness } from '@lash/attachments-conformance'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'

/** The pair that every schedule is explored on: a fixture costs nothing, and no call waits for another. */
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
