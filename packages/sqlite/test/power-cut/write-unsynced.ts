import { contentId } from '@lash/attachments-core'
import { openConnection } from '../../src/connection.ts'
import { Tables } from '../../src/operations.ts'
import { WriteTransaction } from '../../src/write-transaction.ts'
import { type ContentName, contents, meta } from './contents.ts'

/** Commits a blob as a process does that is killed before it syncs what makes the commit durable. The database must be there. */
export function writeUnsynced(path: string, name: ContentName): void {
  const connection = openConnection({ path, busyTimeoutMs: 1000 })
  // In WAL mode the log is what it does not sync, with a rollback journal the deletion of that.
  connection.pragma(
    connection.pragma('journal_mode', { simple: true }) === 'wal' ? 'synchronous = OFF' : 'synchronous = FULL',
  )
  const { byteLength } = contents[name]
  const blob = {
    key: { id: contentId(contents[name]), generation: 0 },
    byteLength,
    storedLength: byteLength,
    meta,
    body: { encoding: 0, bytes: contents[name] },
  }
  new WriteTransaction(connection, new Tables(connection)).run([{ kind: 'putBlob', request: { blob } }])
}
