import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  Capability,
  Damage,
  HostTransaction,
  ManifestHarness,
  SessionHarness,
  StoreHarness,
} from '@lash/attachments-conformance'
import type { AttachmentId } from '@lash/attachments-core'
import {
  type BlobProfile,
  openSqliteAttachments,
  SqliteAttachmentManifest,
  SqliteAttachmentStore,
} from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'

const local = 'the backend is a file of this machine'
const onlyInMemory = 'the database is in the memory of one handle and goes with it'

/** A folder with a database for each fixture, all of them removed in the end. */
class Folders {
  readonly #made: string[] = []

  async databasePath(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'attachments-sqlite-'))
    this.#made.push(folder)
    return join(folder, 'attachments.db')
  }

  async cleanup(): Promise<void> {
    for (const folder of this.#made) await rm(folder, { recursive: true, force: true })
  }
}

export interface SqliteStoreHarnessOptions {
  blobProfile?: BlobProfile
  /** A file that the store opens, one that the host opened, or a database in memory. */
  target?: 'path' | 'handle' | 'memory'
}

export function sqliteStoreHarness({
  blobProfile = 'balanced',
  target = 'path',
}: SqliteStoreHarnessOptions = {}): StoreHarness {
  const folders = new Folders()
  const variant = [target === 'path' ? [] : [target], blobProfile === 'balanced' ? [] : [blobProfile]].flat().join(', ')
  const onFile: Capability[] = [
    'staging',
    'damage:flip',
    'damage:truncate',
    'damage:extend',
    'damage:empty',
    'damage:damage-metadata',
    'durable',
    'reopen',
    'child',
  ]
  return {
    kind: 'store',
    name: variant === '' ? 'sqlite' : `sqlite (${variant})`,
    capabilities: [
      'generations',
      'metadata-of-first-put',
      'plain',
      'size-limit',
      'incremental-reads',
      ...(target === 'memory' ? [] : onFile),
      ...(target === 'path' ? [] : (['injected'] as const)),
    ],
    lacks: {
      disconnect: local,
      stall: local,
      deny: 'what is open stays open, whatever becomes of the mode of its file',
      'damage:drop-metadata': 'bytes and metadata are in one row, and the metadata must not be null',
      ...(target === 'path' ? { injected: 'the store opens the file itself' } : {}),
      ...(target === 'memory' ? { durable: onlyInMemory, reopen: onlyInMemory, child: onlyInMemory } : {}),
    },
    async create(options) {
      const path = target === 'memory' ? ':memory:' : await folders.databasePath()
      const host = target === 'path' ? undefined : new Database(path)
      host?.pragma('journal_mode = WAL')
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
    cleanup: () => folders.cleanup(),
  }
}

export interface SqliteManifestHarnessOptions {
  target?: 'path' | 'handle' | 'memory'
}

export function sqliteManifestHarness({ target = 'handle' }: SqliteManifestHarnessOptions = {}): ManifestHarness {
  const folders = new Folders()
  return {
    kind: 'manifest',
    name: target === 'handle' ? 'sqlite' : `sqlite (${target})`,
    capabilities: manifestCapabilities(target),
    lacks: manifestLacks,
    async create() {
      const path = target === 'memory' ? ':memory:' : await folders.databasePath()
      const host = target === 'handle' ? openHost(path) : undefined
      const clock = new Clock()
      const where = host === undefined ? { path } : { database: host }
      const manifest = new SqliteAttachmentManifest({ ...where, now: clock.now })
      return {
        manifest,
        setClock: clock.set,
        ...(target === 'memory' ? {} : { reopen: async () => new SqliteAttachmentManifest({ path, now: clock.now }) }),
        begin: async () => beginOn(host as Database.Database, manifest),
        child: { module: new URL('../children/sqlite-manifest.ts', import.meta.url).href, options: { path } },
        async dispose() {
          await manifest.close()
          host?.close()
        },
      }
    },
    cleanup: () => folders.cleanup(),
  }
}

/** Store and manifest in one database. */
export function sqlitePairHarness({ target = 'handle' }: SqliteManifestHarnessOptions = {}): SessionHarness {
  const folders = new Folders()
  return {
    kind: 'session',
    name: target === 'handle' ? 'sqlite, one database' : `sqlite, one database (${target})`,
    capabilities: manifestCapabilities(target),
    lacks: manifestLacks,
    async create() {
      const path = target === 'memory' ? ':memory:' : await folders.databasePath()
      const host = target === 'handle' ? openHost(path) : undefined
      const clock = new Clock()
      const pair = openSqliteAttachments(host === undefined ? { path } : { database: host }, { now: clock.now })
      return {
        store: pair.store,
        manifest: pair.manifest,
        setClock: clock.set,
        ...(target === 'memory' ? {} : { reopen: async () => openSqliteAttachments(path, { now: clock.now }) }),
        begin: async () => beginOn(host as Database.Database, pair.manifest),
        child: { module: new URL('../children/sqlite-pair.ts', import.meta.url).href, options: { path } },
        async dispose() {
          await pair.close()
          host?.close()
        },
      }
    },
    cleanup: () => folders.cleanup(),
  }
}

function manifestCapabilities(target: 'path' | 'handle' | 'memory'): readonly Capability[] {
  if (target === 'memory') return ['clock']
  return ['clock', 'durable', 'reopen', 'child', ...(target === 'handle' ? (['transaction'] as const) : [])]
}

const manifestLacks = {
  durable: onlyInMemory,
  reopen: onlyInMemory,
  child: onlyInMemory,
  transaction: 'the manifest was given no handle of the host',
}

function openHost(path: string): Database.Database {
  const host = new Database(path)
  host.pragma('journal_mode = WAL')
  return host
}

class Clock {
  #setTo: number | undefined
  readonly now = (): number => this.#setTo ?? Date.now()
  readonly set = (epochMs: number): void => {
    this.#setTo = epochMs
  }
}

function beginOn(host: Database.Database, manifest: SqliteAttachmentManifest): HostTransaction {
  host.exec('BEGIN IMMEDIATE')
  return {
    commitRefs: async (sessionId, refs) => manifest.commitRefsSync(sessionId, refs),
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

function damagedBytes(bytes: Buffer, damage: Damage): Buffer {
  if (damage === 'truncate') return bytes.subarray(0, -1)
  if (damage === 'extend') return Buffer.concat([bytes, Buffer.from('more')])
  if (damage === 'empty') return Buffer.alloc(0)
  const flipped = Buffer.from(bytes)
  flipped[flipped.byteLength >> 1] = (flipped[flipped.byteLength >> 1] ?? 0) ^ 1
  return flipped
}

/** Uploads that belong to no blob, and chunks that belong to neither. */
function staged(database: Database.Database): string[] {
  const uploads = database.prepare('SELECT number FROM lash_attachment_uploads').pluck().all()
  const chunks = database
    .prepare(`SELECT DISTINCT upload FROM lash_attachment_chunks WHERE upload NOT IN (
      SELECT upload FROM lash_attachment_blobs WHERE upload IS NOT NULL)`)
    .pluck()
    .all()
  return [...uploads.map(number => `upload ${number}`), ...chunks.map(number => `chunks of ${number}`)]
}

/** A writer that was killed after its first transaction. */
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
