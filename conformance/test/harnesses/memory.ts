import type { ManifestHarness, StoreHarness } from '@lash/attachments-conformance'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { plainStore } from './capabilities.ts'
import { SettableClock } from './clock.ts'

const oneProcess = 'the bytes are in the memory of one store and go with it'
const outOfReach = 'nothing but the store can reach its bytes'

export function memoryStoreHarness(): StoreHarness {
  return {
    kind: 'store',
    name: 'memory',
    capabilities: plainStore,
    lacks: {
      'crash-safe': oneProcess,
      reopen: oneProcess,
      child: oneProcess,
      'incremental-reads': 'its blobs are in memory already, and a stream is a copy of one',
      staging: 'nothing is staged',
      deny: 'there is no access to deny',
      disconnect: 'there is nothing to connect to',
      stall: 'there is nothing to wait for',
      injected: 'it is not given a handle',
      'damage:flip': outOfReach,
      'damage:truncate': outOfReach,
      'damage:extend': outOfReach,
      'damage:empty': outOfReach,
      'damage:drop-metadata': outOfReach,
      'damage:damage-metadata': outOfReach,
    },
    async create(options) {
      const store = new InMemoryAttachmentStore(options)
      return { store, dispose: () => store.close() }
    },
    cleanup: async () => {},
  }
}

const onlyInMemory = 'what it records is in the memory of one manifest and goes with it'

export function memoryManifestHarness(): ManifestHarness {
  return {
    kind: 'manifest',
    name: 'memory',
    capabilities: ['clock'],
    lacks: {
      'crash-safe': onlyInMemory,
      reopen: onlyInMemory,
      child: onlyInMemory,
      transaction: 'there is no database whose transaction it could join',
    },
    async create() {
      const clock = new SettableClock()
      const manifest = new InMemoryAttachmentManifest({ now: clock.now })
      return { manifest, setClock: clock.set, dispose: () => manifest.close() }
    },
    cleanup: async () => {},
  }
}
