import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Damage, damagedBytes, type StoreHarness } from '@lash/attachments-conformance'
import { physicalName } from '@lash/attachments-core/backend'
import { OneFileAttachmentStore, type OneFileAttachmentStoreOptions } from '../src/store.ts'

/** Other processes load this module, and open the same data with it. */
export function open(options: OneFileAttachmentStoreOptions): OneFileAttachmentStore {
  return new OneFileAttachmentStore(options)
}

export function storeHarness(): StoreHarness {
  const folder = mkdtempSync(join(tmpdir(), 'one-file-store-'))
  return {
    kind: 'store',
    name: 'one-file',
    capabilities: [
      'generations',
      'metadata-of-first-put',
      'plain',
      'size-limit',
      'reopen',
      'child',
      'durable',
      'damage:flip',
      'damage:truncate',
      'damage:extend',
      'damage:empty',
      'damage:drop-metadata',
      'damage:damage-metadata',
    ],
    lacks: {
      'incremental-reads': 'SQLite gives a blob as a whole',
      staging: 'nothing is staged',
      deny: 'an open file stays open',
      disconnect: 'the backend is a file of this machine',
      stall: 'the backend is a file of this machine',
      injected: 'the store opens the file itself',
    },
    async create(storeOptions) {
      // A place of its own for each: here a path, on a server a new schema or prefix.
      const options = { location: join(folder, randomUUID()), ...storeOptions }
      const store = open(options)
      return {
        store,
        reopen: async () => open(options),
        child: { module: import.meta.url, options },
        corrupt: async (id, damage, generation = 0) =>
          corrupt(options.location, physicalName({ id, generation }), damage),
        dispose: () => store.close(),
      }
    },
    cleanup: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

function corrupt(location: string, name: string, damage: Damage): void {
  const database = new DatabaseSync(location)
  const row = database.prepare('SELECT bytes, meta FROM blobs WHERE name = ?').get(name)
  const { bytes, meta } = row as { bytes: Uint8Array; meta: string }
  const damagedMeta = { 'drop-metadata': null, 'damage-metadata': '{"mediaType":' }[
    damage as string
  ]
  database
    .prepare('UPDATE blobs SET bytes = ?, meta = ? WHERE name = ?')
    .run(damagedBytes(bytes, damage), damagedMeta === undefined ? meta : damagedMeta, name)
  database.close()
}
