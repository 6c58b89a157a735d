import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { AttachmentIoError } from '@lash/attachments-core'

/**
 * Makes the folder of a file, and makes it durable: SQLite syncs the folder that its file is in, not those above.
 * @throws AttachmentIoError
 */
export function makeFolder(path: string): void {
  const folder = dirname(path)
  try {
    const first = mkdirSync(folder, { recursive: true })
    if (first === undefined) return
    for (let made = folder; ; made = dirname(made)) {
      syncFolder(dirname(made))
      if (made === first || made === dirname(made)) return
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
