import {
  type Capability,
  type Damage,
  damagedBytes,
  type HostTransaction,
  type ManifestControls,
  type ManifestHarness,
  type SessionHarness,
  type StoreHarness,
} from '@lash/attachments-conformance'
import type { AttachmentId } from '@lash/attachments-core'
import {
  type BlobProfile,
  openSqliteAttachments,
  SqliteAttachmentManifest,
  SqliteAttachmentStore,
} from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { plainStore } from './capabilities.ts'
import { SettableClock } from './clock.ts'
import { damagesBytes } from './damage.ts'
import { SqliteFolder } from './sqlite-folder.ts'
import { sqliteVersions } from './versions.ts'

const local = 'the backend is a file of this machine'
const onlyInMemory = 'the database is in the memory of one handle and goes with it'

export interface SqliteStoreHarnessOptions {
  blobProfile?: BlobProfile
  /** A file that the store opens, one that the host opened, or a database in memory. */
  target?: 'path' | 'handle' | 'memory'
}

export function sqliteStoreHarness({
  blobProfile = 'balanced',
  target = 'path',
}: SqliteStoreHarnessOptions = {}): StoreHarness {
  const folder = new SqliteFolder()
  const variant = [target === 'path' ? [] : [target], blobProfile === 'balanced' ? [] : [blobProfile]].flat().join(', ')
  const onFile: readonly Capability[] = [
    ...damagesBytes,
    ...(['damage:damage-metadata', 'staging', 'durable', 'reopen', 'child'] as const),
  ]
  return {
    kind: 'store',
    name: variant === '' ? 'sqlite' : `sqlite (${variant})`,
    capabilities: [
      ...plainStore,
      'incremental-reads',
      ...(target === 'memory' ? [] : onFile),
      ...(target === 'path' ? [] : (['injected'] as const)),
    ],
    lacks: {
      disconnect: local,
      stall: local,
      deny: 'an open file stays open, whatever becomes of its mode',
      'damage:drop-metadata': 'bytes and metadata are in one row, and the metadata must not be null',
      ...(target === 'path' ? { injected: 'the store opens the file itself' } : {}),
      ...(target === 'memory' ? { 'crash-safe': onlyInMemory, reopen: onlyInMemory, child: onlyInMemory } : {}),
    },
    async create(options) {
      const path = target === 'memory' ? ':memory:' : await folder.next()
      const host = target === 'path' ? undefined : openHost(path)
      const storeOptions = { blobProfile, ...options }
      const store = new SqliteAttachmentStore({
        ...storeOptions,
        ...(host === undefined ? { path } : { database: host }),
      })
      return {
        store,
        ...(target === 'memory' ? {} : { reopen: async () => new SqliteAttachmentStore({ ...storeOptions, path }) }),
        corrupt: async (id, damage, generation) =>
          withDatabase(path, database => corrupt(database, id, damage, generation)),
        staging: {
          list: async () => withDatabase(path, staged),
          plant: async (_id, bytes) => withDatabase(path, database => plant(database, bytes)),
        },
        injected: { isOpen: async () => host?.prepare('SELECT 1').pluck().get() === 1 },
        child: {
          module: new URL('../children/sqlite-store.ts', import.meta.url).href,
          options: { path, ...storeOptions },
        },
        async dispose() {
          await store.close()
          host?.close()
        },
      }
    },
    versions: sqliteVersions,
    cleanup: () => folder.remove(),
  }
}

/** The host's handle on a file, a file that the manifest opens itself, or a database in memory. */
type ManifestTarget = 'handle' | 'path' | 'memory'

export interface SqliteManifestHarnessOptions {
  target?: ManifestTarget
}

export function sqliteManifestHarness({ target = 'handle' }: SqliteManifestHarnessOptions = {}): ManifestHarness {
  const folder = new SqliteFolder()
  return {
    kind: 'manifest',
    name: target === 'handle' ? 'sqlite' : `sqlite (${target})`,
    ...capabilitiesOf(target),
    async create() {
      const { path, host, database, clock } = await openTarget(folder, target)
      const manifest = new SqliteAttachmentManifest({ ...database, now: clock.now })
      return {
        manifest,
        ...controls(host, manifest, clock),
        ...(target === 'memory' ? {} : { reopen: async () => new SqliteAttachmentManifest({ path, now: clock.now }) }),
        child: { module: new URL('../children/sqlite-manifest.ts', import.meta.url).href, options: { path } },
        async dispose() {
          await manifest.close()
          host?.close()
        },
      }
    },
    versions: sqliteVersions,
    cleanup: () => folder.remove(),
  }
}

/** Store and manifest in one database. */
export function sqlitePairHarness({ target = 'handle' }: SqliteManifestHarnessOptions = {}): SessionHarness {
  const folder = new SqliteFolder()
  return {
    kind: 'session',
    name: target === 'handle' ? 'sqlite, one database' : `sqlite, one database (${target})`,
    ...capabilitiesOf(target),
    async create() {
      const { path, host, database, clock } = await openTarget(folder, target)
      const { store, manifest, close } = openSqliteAttachments(database, { now: clock.now })
      return {
        store,
        manifest,
        ...controls(host, manifest, clock),
        ...(target === 'memory' ? {} : { reopen: async () => openSqliteAttachments(path, { now: clock.now }) }),
        child: { module: new URL('../children/sqlite-pair.ts', import.meta.url).href, options: { path } },
        async dispose() {
          await close()
          host?.close()
        },
      }
    },
    versions: sqliteVersions,
    cleanup: () => folder.remove(),
  }
}

function capabilitiesOf(target: ManifestTarget): Pick<ManifestHarness, 'capabilities' | 'lacks'> {
  const onFile = ['durable', 'reopen', 'child'] as const
  return {
    capabilities: [
      'clock',
      ...(target === 'memory' ? [] : onFile),
      ...(target === 'handle' ? (['transaction'] as const) : []),
    ],
    lacks: {
      'crash-safe': onlyInMemory,
      reopen: onlyInMemory,
      child: onlyInMemory,
      transaction: 'the manifest was not given a handle of the host',
    },
  }
}

async function openTarget(folder: SqliteFolder, target: ManifestTarget) {
  const path = target === 'memory' ? ':memory:' : await folder.next()
  const host = target === 'handle' ? openHost(path) : undefined
  return { path, host, database: host === undefined ? { path } : { database: host }, clock: new SettableClock() }
}

function openHost(path: string): Database.Database {
  const host = new Database(path)
  host.pragma('journal_mode = WAL')
  return host
}

function controls(
  host: Database.Database | undefined,
  manifest: SqliteAttachmentManifest,
  clock: SettableClock,
): ManifestControls {
  return { setClock: clock.set, ...(host === undefined ? {} : { begin: async () => beginOn(host, manifest) }) }
}

function beginOn(host: Database.Database, manifest: SqliteAttachmentManifest): HostTransaction {
  host.exec('BEGIN IMMEDIATE')
  return {
    commitRefs: async (sessionId, refs, options) => manifest.commitRefsSync(sessionId, refs, options),
    commit: async () => void host.exec('COMMIT'),
    rollback: async () => void host.exec('ROLLBACK'),
  }
}

function withDatabase<T>(path: string, work: (database: Database.Database) => T): T {
  const database = new Database(path)
  try {
    return work(database)
  } finally {
    database.close()
  }
}

/** Damages the row of a blob, or the last of its chunks. */
function corrupt(database: Database.Database, id: AttachmentId, damage: Damage, generation = 0): void {
  const key = [Buffer.from(id, 'hex'), generation] as const
  if (damage === 'damage-metadata') {
    database
      .prepare("UPDATE lash_attachment_blobs SET media_type = 'nonsense' WHERE id = ? AND generation = ?")
      .run(...key)
    return
  }
  const upload = database
    .prepare('SELECT upload FROM lash_attachment_blobs WHERE id = ? AND generation = ?')
    .pluck()
    .get(...key)
  if (upload !== null && damage === 'empty') {
    database.prepare('DELETE FROM lash_attachment_chunks WHERE upload = ?').run(upload)
    return
  }
  const where =
    upload === null
      ? 'lash_attachment_blobs WHERE id = ? AND generation = ?'
      : 'lash_attachment_chunks WHERE upload = ? ORDER BY position DESC LIMIT 1'
  const bound = upload === null ? key : [upload]
  const row = database.prepare(`SELECT rowid AS row, bytes FROM ${where}`).get(...bound) as {
    row: number
    bytes: Buffer
  }
  const table = upload === null ? 'lash_attachment_blobs' : 'lash_attachment_chunks'
  database.prepare(`UPDATE ${table} SET bytes = ? WHERE rowid = ?`).run(damagedBytes(row.bytes, damage), row.row)
}

/** Uploads that belong to no blob, and chunks that belong to no blob and no upload. */
function staged(database: Database.Database): string[] {
  const uploads = database.prepare('SELECT number FROM lash_attachment_uploads').pluck().all()
  const chunks = database
    .prepare(`SELECT DISTINCT upload FROM lash_attachment_chunks WHERE upload NOT IN (
      SELECT upload FROM lash_attachment_blobs WHERE upload IS NOT NULL)`)
    .pluck()
    .all()
  return [...uploads.map(number => `upload ${number}`), ...chunks.map(number => `chunks of ${number}`)]
}

/** What a writer leaves when it is killed after its first transaction. */
function plant(database: Database.Database, bytes: Uint8Array): void {
  database.transaction(() => {
    const { lastInsertRowid } = database
      .prepare('INSERT INTO lash_attachment_uploads (touched_at) VALUES (?)')
      .run(Date.now())
    database
      .prepare('INSERT INTO lash_attachment_chunks (upload, position, encoding, bytes) VALUES (?, 0, 0, ?)')
      .run(lastInsertRowid, bytes.subarray(0, bytes.byteLength / 2))
  })()
}
