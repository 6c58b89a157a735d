import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncFolder } from '@lash/attachments-core/backend'

/**
 * Makes durable every commit that can be seen in a file, before anybody is told that something is there. SQLite syncs
 * what it writes, but a put of what is there, or a commit of what is committed, writes nothing. And what can be seen is
 * not always synced:
 * - The first to open a file reads its whole log, also a commit whose process was killed before it synced.
 * - A host's own handle, in WAL mode, may commit refs and leave the sync to a later checkpoint (`synchronous=NORMAL`).
 * - With a rollback journal, a process may have been killed before it synced that the journal is gone.
 *
 * The database file itself is left alone: closing any descriptor of it would drop the locks that all connections of
 * this process have on it. The log has no locks.
 * @throws an error like SQLite's own when it cannot sync, so that it crosses threads and is translated as those are.
 */
export function syncLog(path: string): void {
  try {
    syncFile(`${path}-wal`)
    syncFolder(dirname(path))
  } catch (cause) {
    throw Object.assign(new Error((cause as Error).message, { cause }), {
      name: 'SqliteError',
      code: 'SQLITE_IOERR_FSYNC',
    })
  }
}

function syncFile(path: string): void {
  let descriptor: number
  try {
    // Windows syncs only what is open for writing.
    descriptor = openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
