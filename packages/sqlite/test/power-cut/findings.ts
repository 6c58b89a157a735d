import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import type { SqliteAttachments } from '@lash/attachments-sqlite'
import { type DiskState, restoreState } from '@lash/attachments-testing/power-cut'
import Database from 'better-sqlite3'
import { type ContentName, contentNames, contents, meta, sessionId } from './contents.ts'
import { openAs } from './open.ts'
import type { Scenario } from './steps.ts'

/** What is found of each fact; as `database`, whether the database itself is as it should be. */
export type Findings = ReadonlyMap<string, string>

/** Opens what a power cut has left, in a new folder, reads everything, and puts something. */
export async function findingsIn(
  state: DiskState,
  folder: string,
  database: string,
  scenario: Scenario,
): Promise<Findings> {
  restoreState(state, folder)
  const path = join(folder, database)
  // Its pages are mapped and never synced, so a power cut may leave anything there.
  if (state.has(`/${database}`)) writeFileSync(`${path}-shm`, new Uint8Array(32_768).fill(0xa5))
  try {
    const { attachments, close } = openAs(scenario, path)
    try {
      const findings = await lookAt(attachments)
      return findings.set('database', (await afterwards(attachments, path)) ?? 'ok')
    } finally {
      await close()
    }
  } catch (error) {
    return new Map([['database', String(error)]])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function lookAt(attachments: SqliteAttachments): Promise<Map<string, string>> {
  const listed = new Set<string>()
  for await (const { id } of attachments.store.list()) listed.add(id)
  const findings = new Map<string, string>()
  for (const name of contentNames) {
    findings.set(`bytes ${name}`, await bytesOf(attachments, name, listed.has(contentId(contents[name]))))
    findings.set(`ref ${name}`, await refOf(attachments, name))
  }
  return findings
}

async function bytesOf({ store }: SqliteAttachments, name: ContentName, isListed: boolean): Promise<string> {
  const id = contentId(contents[name])
  try {
    if ((await store.stat(id)) === undefined) return isListed ? 'listed, and absent' : 'absent'
    const stored = await store.get(id)
    if (contentId(stored.bytes) !== id) return 'other bytes'
    if (!isDeepStrictEqual(stored.meta, { id, byteLength: contents[name].byteLength, ...meta })) return 'other metadata'
    return isListed ? 'whole' : 'whole, and not listed'
  } catch (error) {
    if (AttachmentStoreError.isInstance(error)) return error.code
    throw error
  }
}

async function refOf({ manifest }: SqliteAttachments, name: ContentName): Promise<string> {
  const entry = await manifest.lookup(sessionId, contentId(contents[name]))
  if (entry === undefined) return 'none'
  if (entry.releasedAtEpochMs !== undefined) return 'released'
  return entry.committedAtEpochMs === undefined ? 'intent' : 'committed'
}

/** What is wrong with the database, or with a put afterwards. */
async function afterwards({ store }: SqliteAttachments, path: string): Promise<string | undefined> {
  const bytes = new TextEncoder().encode('put after the power cut')
  const { id } = await store.put(bytes, meta)
  if (!isDeepStrictEqual(new Uint8Array((await store.get(id)).bytes), bytes)) return 'a put afterwards reads back wrong'
  const connection = new Database(path)
  try {
    const said = connection.pragma('integrity_check', { simple: true }) as string
    return said === 'ok' ? undefined : said
  } finally {
    connection.close()
  }
}
