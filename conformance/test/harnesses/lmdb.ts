import { rm } from 'node:fs/promises'
import {
  type Damage,
  damagedBytes,
  type ManifestDriverHarness,
  type ManifestHarness,
  packageVersions,
  type SessionHarness,
  type StoreHarness,
} from '@lash/attachments-conformance'
import { physicalName } from '@lash/attachments-core/backend'
import { LmdbAttachmentManifest, LmdbAttachmentStore, LmdbManifestDriver } from '@lash/attachments-lmdb'
import { plainStore } from './capabilities.ts'
import { SettableClock } from './clock.ts'
import { damagesBytes, damagesMetadata } from './damage.ts'

import { TemporaryFolder } from './temporary-folder.ts'

const local = 'the backend is a file of this machine'

export function lmdbStoreHarness(): StoreHarness {
  const folder = new TemporaryFolder('conformance-lmdb')
  return {
    kind: 'store',
    name: 'lmdb',
    capabilities: [
      ...plainStore,
      ...damagesBytes,
      ...damagesMetadata,
      ...(['incremental-reads', 'staging', 'durable', 'reopen', 'child'] as const),
    ],
    lacks: {
      disconnect: local,
      stall: local,
      deny: 'an open file stays open, whatever becomes of its mode',
      injected: 'it opens the environment itself',
    },
    async create(options) {
      const path = await folder.next()
      const store = new LmdbAttachmentStore({ path, ...options })
      return {
        store,
        reopen: async () => new LmdbAttachmentStore({ path, ...options }),
        corrupt: (id, damage, generation) =>
          withTables(path, tables => corrupt(tables, physicalName({ id, generation: generation ?? 0 }), damage)),
        staging: {
          list: () => withTables(path, chunksOfNoBlob),
          // A killed writer leaves nothing; this is what it would leave if a blob were more than one transaction.
          plant: (id, bytes) => withTables(path, ({ chunks }) => chunks.putSync([id, 0], bytes.subarray(0, 1000))),
        },
        child: {
          module: new URL('../children/lmdb-store.ts', import.meta.url).href,
          options: { path, ...options },
        },
        async dispose() {
          await store.close()
          await rm(path, { recursive: true, force: true })
        },
      }
    },
    versions: async () => packageVersions(import.meta.url, 'lmdb', '@lash/attachments-lmdb'),
    cleanup: () => folder.remove(),
  }
}

export function lmdbManifestHarness(): ManifestHarness {
  const folder = new TemporaryFolder('conformance-lmdb')
  return {
    kind: 'manifest',
    name: 'lmdb',
    ...ofManifest,
    async create() {
      const path = await folder.next()
      const clock = new SettableClock()
      const manifest = new LmdbAttachmentManifest({ path, now: clock.now })
      return {
        manifest,
        setClock: clock.set,
        reopen: async () => new LmdbAttachmentManifest({ path, now: clock.now }),
        child: { module: new URL('../children/lmdb-manifest.ts', import.meta.url).href, options: { path } },
        async dispose() {
          await manifest.close()
          await rm(path, { recursive: true, force: true })
        },
      }
    },
    versions: async () => packageVersions(import.meta.url, 'lmdb', '@lash/attachments-lmdb'),
    cleanup: () => folder.remove(),
  }
}

export function lmdbDriverHarness(): ManifestDriverHarness {
  const folder = new TemporaryFolder('conformance-lmdb')
  return {
    kind: 'manifest-driver',
    name: 'lmdb',
    capabilities: ['durable', 'reopen', 'child'],
    async create() {
      const path = await folder.next()
      const driver = new LmdbManifestDriver({ path })
      return {
        driver,
        reopen: async () => new LmdbManifestDriver({ path }),
        child: { module: new URL('../children/lmdb-driver.ts', import.meta.url).href, options: { path } },
        async dispose() {
          await driver.close()
          await rm(path, { recursive: true, force: true })
        },
      }
    },
    versions: async () => packageVersions(import.meta.url, 'lmdb', '@lash/attachments-lmdb'),
    cleanup: () => folder.remove(),
  }
}

/** Store and manifest in one environment. */
export function lmdbPairHarness(): SessionHarness {
  const folder = new TemporaryFolder('conformance-lmdb')
  return {
    kind: 'session',
    name: 'lmdb, one environment',
    ...ofManifest,
    async create() {
      const path = await folder.next()
      const clock = new SettableClock()
      const open = () => ({
        store: new LmdbAttachmentStore(path),
        manifest: new LmdbAttachmentManifest({ path, now: clock.now }),
      })
      const { store, manifest } = open()
      return {
        store,
        manifest,
        setClock: clock.set,
        reopen: async () => open(),
        child: { module: new URL('../children/lmdb-pair.ts', import.meta.url).href, options: { path } },
        async dispose() {
          await store.close()
          await manifest.close()
          await rm(path, { recursive: true, force: true })
        },
      }
    },
    versions: async () => packageVersions(import.meta.url, 'lmdb', '@lash/attachments-lmdb'),
    cleanup: () => folder.remove(),
  }
}

const ofManifest: Pick<ManifestHarness, 'capabilities' | 'lacks'> = {
  capabilities: ['clock', 'durable', 'reopen', 'child'],
  lacks: { transaction: 'the environment is not given by a host' },
}

/** What is used of a database of `lmdb`, whose own declarations do not compile where those of libraries are checked. */
interface Table<V, K> {
  get(key: K): V | undefined
  getKeys(range?: { start: K; end: K }): Iterable<K>
  doesExist(key: K): boolean
  putSync(key: K, value: V): void
  removeSync(key: K): void
}

interface Tables {
  readonly blobs: Table<Record<string, unknown>, string>
  readonly chunks: Table<Uint8Array, [name: string, number: number]>
}

const library: string = 'lmdb'

async function withTables<T>(path: string, work: (tables: Tables) => T): Promise<Awaited<T>> {
  const { open } = await import(library)
  const root = open({ path, overlappingSync: false, noSubdir: false })
  try {
    return await work({
      blobs: root.openDB({ name: 'attachment-blobs', encoding: 'json' }),
      chunks: root.openDB({ name: 'attachment-chunks', encoding: 'binary' }),
    })
  } finally {
    await root.close()
  }
}

function corrupt({ blobs, chunks }: Tables, name: string, damage: Damage): void {
  if (damage === 'drop-metadata' || damage === 'damage-metadata') {
    const { meta, ...row } = blobs.get(name) as Record<string, unknown>
    blobs.putSync(name, damage === 'drop-metadata' ? row : { ...row, meta: '{"mediaType": ' })
    return
  }
  const keys = [...chunks.getKeys({ start: [name, 0], end: [name, Number.MAX_SAFE_INTEGER] })]
  if (damage === 'empty') for (const key of keys) chunks.removeSync(key)
  const last = keys.at(-1)
  if (last !== undefined && damage !== 'empty') {
    chunks.putSync(last, damagedBytes(chunks.get(last) as Uint8Array, damage))
  }
}

function chunksOfNoBlob({ blobs, chunks }: Tables): string[] {
  const names = [...chunks.getKeys()].map(([name]) => name)
  return names.filter(name => !blobs.doesExist(name))
}
