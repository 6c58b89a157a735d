import { type Stats, statSync } from 'node:fs'
import type { AttachmentId } from '@lash/attachments-core'
import type { Disk } from './disk.ts'
import { ioError } from './io-error.ts'
import type { Steps } from './pace.ts'

/** The state of a path, or undefined when nothing is there. Any other failure is an AttachmentIoError. */
export function* lookAt(disk: Disk, path: string, id?: AttachmentId): Steps<Stats | undefined> {
  try {
    const stats = disk.stat(path)
    return stats instanceof Promise ? yield stats : stats
  } catch (cause) {
    throw ioError('look at', path, cause, id)
  }
}

/** Whether nothing has the path, for certain. */
export function isGone(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

/** What tells a file from another that had the same name before, or gets it later. */
export function identityOf(stats: Stats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}`
}
