import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoreHarness } from '@lash/attachments-conformance'
import { MyBackendAttachmentStore, type MyBackendAttachmentStoreOptions } from '../src/store.ts'

/** Other processes load this module, and open the same data with it. */
export function open(options: MyBackendAttachmentStoreOptions): MyBackendAttachmentStore {
  return new MyBackendAttachmentStore(options)
}

/** The more it declares, the more is shown; `@lash/attachments-conformance` lists what there is. */
export function storeHarness(): StoreHarness {
  const folder = mkdtempSync(join(tmpdir(), 'my-backend-store-'))
  return {
    kind: 'store',
    name: 'my-backend',
    capabilities: ['generations', 'metadata-of-first-put', 'plain', 'size-limit', 'reopen', 'child', 'crash-safe'],
    async create(storeOptions) {
      // A place of its own for each: here a path, on a server a new schema or prefix.
      const options = { location: join(folder, randomUUID()), ...storeOptions }
      const store = open(options)
      return {
        store,
        reopen: async () => open(options),
        child: { module: import.meta.url, options },
        dispose: () => store.close(),
      }
    },
    cleanup: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
