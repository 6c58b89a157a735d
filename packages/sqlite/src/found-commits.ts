import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { AttachmentIoError } from '@lash/attachments-core'
import { syncFolder } from './folder.ts'

/**
 * Makes durable what a connection finds committed in the file that it has just opened and read for the first time.
 *
 * While anybody has the file open nobody sees a commit that is not synced. But the first to open a file reads its whole log, also the
 * commit of a process that was killed after it wrote it and before it synced it; and a put of what is there, or a commit of what is
 * committed, writes nothing, so that SQLite would sync nothing either before it resolves. Without a log it is the deletion of the
 * rollback journal that may not be synced.
 *
 * The database file itself is left alone: closing any descriptor of it would drop the locks that all connections of this process have on it.
 * The log has no locks.
 * @throws AttachmentIoError
 */
export function syncFoundCommits(path: string): void {
  try {
    syncLog(`${path}-wal`)
    syncFolder(dirname(path))
  } catch (cause) {
    throw new AttachmentIoError(path, `cannot sync ${path}: ${(cause as Error).message}; check the disk`, { cause })
  }
}

function syncLog(path: string): void {
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
