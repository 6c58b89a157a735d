import { contentId } from '@lash/attachments-core'
import Database from 'better-sqlite3'
import { type ContentName, contents, meta } from './contents.ts'

/**
 * Commits a blob like a process that is killed before the sync that makes the commit durable. The database must be
 * there.
 */
export function writeUnsynced(path: string, name: ContentName): void {
  const connection = new Database(path)
  // In WAL mode it does not sync the log; with a rollback journal, it does not sync the deletion of the journal.
  connection.pragma(
    connection.pragma('journal_mode', { simple: true }) === 'wal' ? 'synchronous = OFF' : 'synchronous = FULL',
  )
  const bytes = contents[name]
  connection
    .prepare(
      `INSERT INTO lash_attachment_blobs
        (id, generation, byte_length, stored_length, stored_at, media_type, label, encoding, bytes)
      VALUES (?, 0, ?, ?, 0, ?, ?, 0, ?)`,
    )
    .run(Buffer.from(contentId(bytes), 'hex'), bytes.byteLength, bytes.byteLength, meta.mediaType, meta.label, bytes)
}
