import type { ManifestDriverHarness, ManifestHarness } from '@lash/attachments-conformance'
import { PortableAttachmentManifest } from '@lash/attachments-core/backend'
import { MemoryManifestDriver, SharedMap } from '../manifest-drivers/memory-driver.ts'
import { SettableClock } from './clock.ts'

const onlyInMemory = 'what it records is in the memory of one process and goes with it'

/** The portable manifest over the smallest driver. With `maxChanges`, over one whose transactions are small. */
export function portableManifestHarness({ maxChanges }: { maxChanges?: number } = {}): ManifestHarness {
  return {
    kind: 'manifest',
    name: maxChanges === undefined ? 'portable' : `portable (${maxChanges} changes)`,
    capabilities: ['clock', 'reopen'],
    lacks: {
      'crash-safe': onlyInMemory,
      child: onlyInMemory,
      transaction: 'a driver has no transactions of the host',
    },
    async create() {
      const clock = new SettableClock()
      const map = new SharedMap()
      const open = () => new PortableAttachmentManifest(new MemoryManifestDriver(map, maxChanges), { now: clock.now })
      const manifest = open()
      return { manifest, reopen: async () => open(), setClock: clock.set, dispose: () => manifest.close() }
    },
    cleanup: async () => {},
  }
}

/** The smallest driver itself. */
export function memoryDriverHarness({ maxChanges }: { maxChanges?: number } = {}): ManifestDriverHarness {
  return {
    kind: 'manifest-driver',
    name: maxChanges === undefined ? 'memory' : `memory (${maxChanges} changes)`,
    capabilities: ['reopen'],
    lacks: { durable: onlyInMemory, 'crash-safe': onlyInMemory, child: onlyInMemory },
    async create() {
      const map = new SharedMap()
      const open = () => new MemoryManifestDriver(map, maxChanges)
      return { driver: open(), reopen: async () => open(), dispose: async () => {} }
    },
    cleanup: async () => {},
  }
}
