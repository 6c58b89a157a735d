import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AttachmentManifest,
  type AttachmentStore,
  contentId,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { repairCopies } from '@lash/attachments-core/maintenance'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { beforeEach, expect, test } from 'vitest'
import { meta } from './stores.ts'

/*
 * The rows of the table of restores in docs/guides/production.md, each with its steps, on files and SQLite. What was
 * committed before the backup is `kept`, `released` and `again`; after it the last two are released and swept, and
 * `again` and `since` are put and committed.
 */

interface Opened {
  store: AttachmentStore
  manifest: AttachmentManifest
}

let folder: string
let backup: string

beforeEach(async () => {
  folder = newFolder()
  backup = newFolder()
  await whileOpen(there => commit(there, 'kept', 'released', 'again'))
  cpSync(folder, backup, { recursive: true })
  await whileOpen(async there => {
    await there.manifest.releaseRefs('session', [idOf('released'), idOf('again')])
    expect(await sweep(there)).toMatchObject({ reclaimedCount: 2, failures: [] })
    await commit(there, 'again', 'since')
  })
})

async function whileOpen<T>(use: (there: Opened) => Promise<T>): Promise<T> {
  await using store = new FileAttachmentStore(join(folder, 'bucket'), { durability: 'relaxed' })
  await using manifest = new SqliteAttachmentManifest({ path: join(folder, 'database') })
  return await use({ store, manifest })
}

function restore(...parts: ('bucket' | 'database')[]): void {
  for (const part of parts) {
    for (const name of [part, `${part}-wal`, `${part}-shm`]) {
      rmSync(join(folder, name), { recursive: true, force: true })
    }
    cpSync(join(backup, part), join(folder, part), { recursive: true })
  }
}

function bytesOf(name: string): Uint8Array {
  return new TextEncoder().encode(name)
}

function idOf(name: string): string {
  return contentId(bytesOf(name))
}

function sessionOf({ store, manifest }: Opened): SessionScopedAttachmentStore {
  return new SessionScopedAttachmentStore(store, manifest, 'session')
}

async function commit(there: Opened, ...names: string[]): Promise<void> {
  const session = sessionOf(there)
  for (const name of names) await session.put(bytesOf(name), meta)
  await session.commit()
}

function sweep({ manifest, store }: Opened) {
  return reclaimOrphanedAttachments(manifest, store, Date.now())
}

/** The end of each restore: sweeps, then an audit. What the session can read after it. */
async function readableAtTheEnd(there: Opened): Promise<string[]> {
  await sweep(there)
  await reclaimUnreferencedAttachments(there.manifest, there.store, Number.MAX_SAFE_INTEGER, { maxDeleteRatio: 1 })
  const readable: string[] = []
  for (const name of ['kept', 'released', 'again', 'since']) {
    const found = await sessionOf(there)
      .get(idOf(name))
      .catch(() => undefined)
    if (found !== undefined) readable.push(new TextDecoder().decode(found.bytes))
  }
  return readable
}

test('the database is older than the bucket', async () => {
  restore('database')
  await whileOpen(async there => {
    const { manifest, store } = there
    const lost = [{ sessionId: 'session', attachmentId: idOf('released') }]
    // `again` is there at its next generation.
    expect(await repairCopies(manifest, store)).toMatchObject({ checkedCount: 3, repairedCount: 1, lost })
    // Whoever puts the same bytes brings them back for all who hold them.
    await new SessionScopedAttachmentStore(store, manifest, 'another').put(bytesOf('released'), meta)
    expect(await repairCopies(manifest, store)).toEqual({ checkedCount: 3, repairedCount: 0, lost: [] })
    expect(await readableAtTheEnd(there)).toEqual(['kept', 'released', 'again'])
  })
})

test('the bucket is older than the database', async () => {
  restore('bucket')
  await whileOpen(async there => {
    const lost = [{ sessionId: 'session', attachmentId: idOf('since') }]
    const report = await repairCopies(there.manifest, there.store)
    // The copy of `again` from before its sweep is there again.
    expect(report).toMatchObject({ checkedCount: 3, repairedCount: 1, lost })
    expect(report.lost).toHaveLength(1)
    expect(await readableAtTheEnd(there)).toEqual(['kept', 'again'])
  })
})

test('both, to the same moment', async () => {
  restore('bucket', 'database')
  await whileOpen(async there => {
    expect(await repairCopies(there.manifest, there.store)).toEqual({ checkedCount: 3, repairedCount: 0, lost: [] })
    expect(await readableAtTheEnd(there)).toEqual(['kept', 'released', 'again'])
  })
})

test('the database, and turns elsewhere name what it does not know', async () => {
  restore('database')
  await whileOpen(async there => {
    await repairCopies(there.manifest, there.store)
    const { bytes, meta: stored } = await there.store.get(idOf('since'))
    const session = sessionOf(there)
    await session.put(bytes, stored)
    await session.commit()
    expect(await readableAtTheEnd(there)).toEqual(['kept', 'again', 'since'])
  })
})
