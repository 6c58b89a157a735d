import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { AttachmentIoError } from '../errors.ts'

/**
 * Makes the folder of a file, and makes it durable with every folder above it: SQLite syncs the folder that its file is
 * in, LMDB none. Folders that are there already may have been made a moment ago, by a process that has not synced them
 * or was killed.
 * @throws AttachmentIoError
 */
export function makeFolder(path: string): void {
  const folder = dirname(path)
  try {
    const first = mkdirSync(folder, { recursive: true })
    for (let made = folder; made !== dirname(made); made = dirname(made)) {
      const isOurs = first !== undefined && made.length >= first.length
      if (isOurs) syncFolder(dirname(made))
      else syncFolderIfAllowed(dirname(made))
    }
  } catch (cause) {
    throw new AttachmentIoError(
      folder,
      `cannot make the folder ${folder}: ${(cause as Error).message}; check the permissions above it`,
      { cause },
    )
  }
}

/** Makes durable what was made, renamed or deleted in the folder. */
export function syncFolder(folder: string): void {
  // Windows opens no folders; there the file system journals them itself.
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** A folder that this process may not open was not changed by a process like this one, and needs no sync. */
function syncFolderIfAllowed(folder: string): void {
  try {
    syncFolder(folder)
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
