import type { StoreHarness } from '@lash/attachments-conformance'
import { memory } from 'files-sdk/memory'
import { adapterHarness } from './adapter.ts'

export function memoryAdapterHarness(): StoreHarness {
  return adapterHarness({
    name: 'files-sdk (memory)',
    capabilities: [],
    lacks: { 'crash-safe': 'all is gone with the process', 'incremental-reads': 'blobs are in memory' },
    ground: async () => ({ adapter: memory(), remove: async () => {} }),
    cleanup: async () => {},
  })
}
