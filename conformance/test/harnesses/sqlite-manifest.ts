import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteAttachments, SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import type { Capability, HostTransaction, ManifestHarness, SessionHarness } from '../../src/index.ts'

const capabilities: readonly Capability[] = ['durable', 'reopen', 'transaction', 'clock']

/** The host's own transaction, on its own handle to the database of the manifest. */
function beginOn(host: Database.Database, manifest: SqliteAttachmentManifest): HostTransaction {
  host.exec('BEGIN IMMEDIATE')
  return {
    commitRefs: async (sessionId, refs) => manifest.commitRefsSync(sessionId, refs),
    commit: async () => void host.exec('COMMIT'),
    rollback: async () => void host.exec('ROLLBACK'),
  }
}

/** A folder for one fixture, a host's handle to a database in it, and a clock that can be set. */
async function freshDatabase() {
  const folder = await mkdtemp(join(tmpdir(), 'lash-conformance-sqlite-'))
  const path = join(folder, 'attachments.db')
  const host = new Database(path)
  host.pragma('journal_mode = WAL')
  let setTo: number | undefined
  return {
    path,
    host,
    now: () => setTo ?? Date.now(),
    setClock: (epochMs: number) => {
      setTo = epochMs
    },
    async dispose() {
      host.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A manifest on the host's own database. */
export function sqliteManifestHarness(): ManifestHarness {
  return {
    kind: 'manifest',
    name: 'sqlite',
    capabilities,
    async create() {
      const { path, host, now, setClock, dispose } = await freshDatabase()
      const manifest = new SqliteAttachmentManifest({ database: host, now })
      return {
        manifest,
        setClock,
        reopen: async () => new SqliteAttachmentManifest({ path, now }),
        begin: async () => beginOn(host, manifest),
        async dispose() {
          await manifest.close()
          await dispose()
        },
      }
    },
    cleanup: async () => {},
  }
}

/** Store and manifest in one database, where a session's put is one commit. */
export function sqliteInOneHarness(): SessionHarness {
  return {
    kind: 'session',
    name: 'sqlite, one database',
    capabilities,
    async create() {
      const { path, host, now, setClock, dispose } = await freshDatabase()
      const { store, manifest, close } = openSqliteAttachments({ database: host }, { now })
      return {
        store,
        manifest,
        setClock,
        reopen: async () => openSqliteAttachments(path, { now }),
        begin: async () => beginOn(host, manifest),
        async dispose() {
          await close()
          await dispose()
        },
      }
    },
    cleanup: async () => {},
  }
}
