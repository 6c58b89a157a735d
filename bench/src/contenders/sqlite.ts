import { hash } from 'node:crypto'
import { join } from 'node:path'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments, SqliteAttachmentStore } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { createDatabase } from 'db0'
import betterSqlite3 from 'db0/connectors/better-sqlite3'
import Keyv from 'keyv'
import { createStorage } from 'unstorage'
import db0Driver from 'unstorage/drivers/db0'
import { byKeyv, byUnstorage, thenClose } from './by-digest.ts'
import type { Contender } from './contender.ts'
import { ours } from './ours.ts'

const common = { durability: 'power cut', atomic: true } as const

export const contenders: readonly Contender[] = [
  {
    ...common,
    name: 'attachments-sqlite',
    role: 'ours',
    verifies: true,
    open: async ({ folder }) =>
      ours(new SqliteAttachmentStore({ path: join(folder, 'blobs.db'), blobProfile: 'low-latency' })),
  },
  {
    ...common,
    name: 'attachments-sqlite session',
    role: 'variant',
    verifies: true,
    async open({ folder }) {
      const opened = openSqliteAttachments(join(folder, 'blobs.db'), { blobProfile: 'low-latency' })
      const session = new SessionScopedAttachmentStore(opened.store, opened.manifest, 'bench')
      return thenClose(ours(session), opened.close)
    },
  },
  {
    ...common,
    name: '@keyv/sqlite',
    role: 'peer',
    async open({ folder }) {
      const { default: KeyvSqlite } = await import('@keyv/sqlite')
      const storage = new Keyv({ store: new KeyvSqlite(`sqlite://${join(folder, 'blobs.db')}`) })
      return byKeyv(storage, () => storage.disconnect())
    },
  },
  {
    ...common,
    name: 'unstorage db0 better-sqlite3',
    role: 'peer',
    async open({ folder }) {
      const database = createDatabase(betterSqlite3({ path: join(folder, 'blobs.db') }))
      return byUnstorage(createStorage({ driver: db0Driver({ database }) }))
    },
  },
  {
    ...common,
    name: 'hash, INSERT, up to 32 a commit',
    role: 'floor',
    async open({ folder }) {
      const database = new Database(join(folder, 'blobs.db'))
      database.pragma('page_size = 16384')
      database.pragma('journal_mode = WAL')
      database.pragma('synchronous = FULL')
      database.exec('CREATE TABLE blobs (id BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID')
      const insert = database.prepare('INSERT OR IGNORE INTO blobs VALUES (?, ?)')
      const select = database.prepare('SELECT bytes FROM blobs WHERE id = ?').pluck()
      let waiting: { id: Buffer; bytes: Buffer; resolve(): void }[] = []
      const commit = database.transaction((batch: typeof waiting) => {
        for (const { id, bytes } of batch) insert.run(id, bytes)
      })
      const flush = () => {
        const batch = waiting
        waiting = []
        commit.immediate(batch)
        for (const { resolve } of batch) resolve()
      }
      return {
        async put(bytes) {
          const key = hash('sha256', bytes)
          await new Promise<void>(resolve => {
            if (waiting.length === 0) queueMicrotask(flush)
            waiting.push({ id: Buffer.from(key, 'hex'), bytes, resolve })
          })
          return key
        },
        get: async key => select.get(Buffer.from(key, 'hex')) as Buffer,
        close: async () => void database.close(),
      }
    },
  },
]
