import { readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { AttachmentId, AttachmentListing, AttachmentManifestEntry, OrphanClaim } from '@lash/attachments-core'
import { openSqliteAttachments, type SqliteAttachmentsOptions } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import { newPath } from '../folder.ts'

/** What the code that wrote a file says is in it. See README.md. */
interface Written {
  /** The last time that the clock of that code gave. */
  writtenUntilEpochMs: number
  sessions: Record<'chat' | 'other' | 'strange', string>
  names: Record<string, AttachmentId>
  entries: Omit<AttachmentManifestEntry, 'holder'>[]
  blobs: AttachmentListing[]
  contents: unknown[]
  claims: Record<'overtaken' | 'claimed', OrphanClaim>
}

const read = (name: string) => readFileSync(new URL(name, import.meta.url))

export const written: Written = JSON.parse(read('version-1.json').toString())

/** The content that was put under the name. */
export function idOf(name: string): AttachmentId {
  const id = written.names[name]
  if (id === undefined) throw new Error(`no content is called ${name}`)
  return id
}

/**
 * What a session's refs are once they have been migrated: of the holder '', with their lengths where bytes are known.
 */
export function migratedRefs(sessionId: string): AttachmentManifestEntry[] {
  const lengths = new Map(written.blobs.map(({ id, byteLength }) => [id, byteLength]))
  return written.entries
    .filter(entry => entry.sessionId === sessionId)
    .map(entry => {
      const byteLength = lengths.get(entry.attachmentId)
      return { ...entry, holder: '', ...(byteLength === undefined ? {} : { byteLength }) }
    })
}

/** Where the tables are: in a file of ours, or in a host's database. */
export type Place = 'a file of ours' | "a host's database"

/** The file, as it was written. */
export const version1File: Buffer = gunzipSync(read('version-1.db.gz'))

/** A copy of the database of schema version 1, opened by nobody yet. */
export function newVersion1(place: Place): string {
  const path = newPath()
  writeFileSync(path, version1File)
  if (place === 'a file of ours') return path
  const host = new Database(path)
  host.pragma('application_id = 0')
  host.pragma('user_version = 42')
  // To rename a table, SQLite looks through the whole schema, and fails where a view has lost its table.
  host.exec('CREATE TABLE mine (x); CREATE VIEW broken AS SELECT * FROM gone')
  host.close()
  return path
}

/** Opens it, and so migrates it. */
export function openPlace(path: string, place: Place, options?: SqliteAttachmentsOptions) {
  const host = place === 'a file of ours' ? undefined : new Database(path)
  const attachments = openSqliteAttachments({ ...options, ...(host === undefined ? { path } : { database: host }) })
  onTestFinished(async () => {
    await attachments.close()
    host?.close()
  })
  return attachments
}
