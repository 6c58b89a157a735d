import type { SessionHarness } from '@lash/attachments-conformance'
import { PortableAttachmentManifest } from '@lash/attachments-core/backend'
import { InMemoryAttachmentStore } from '@lash/attachments-memory'
import { SettableClock } from '../harnesses/clock.ts'
import { MemoryManifestDriver } from '../manifest-drivers/memory-driver.ts'

/** As the pair in memory, with the portable manifest, which remembers what it has reclaimed for 30 days. */
export const portablePair: SessionHarness = {
  kind: 'session',
  name: 'memory + portable',
  capabilities: ['clock'],
  async create() {
    const clock = new SettableClock()
    return {
      store: new InMemoryAttachmentStore(),
      manifest: new PortableAttachmentManifest(new MemoryManifestDriver(), { now: clock.now }),
      setClock: clock.set,
      async dispose() {},
    }
  },
  async cleanup() {},
}

export default portablePair
