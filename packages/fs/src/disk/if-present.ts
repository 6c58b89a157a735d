import type { Disk } from './disk.ts'
import { hasCode, ioError } from './io-error.ts'
import { type Steps, settled } from './pace.ts'

/*
 * Calls on what other processes may delete at any moment: if it is gone already, that is no failure.
 */

/** The names in a folder; none when there is no such folder. */
export function* namesIn(disk: Disk, folder: string): Steps<string[]> {
  try {
    return yield* settled(disk.readdir(folder))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return []
    throw ioError('list', folder, cause)
  }
}

/** The names of the folders in a folder, without links to folders elsewhere. */
export function* foldersIn(disk: Disk, folder: string): Steps<string[]> {
  try {
    const entries = yield* settled(disk.readdirTypes(folder))
    return entries.flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return []
    throw ioError('list', folder, cause)
  }
}

export function* deleteIfPresent(disk: Disk, path: string): Steps<void> {
  try {
    yield* settled(disk.unlink(path))
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw ioError('delete', path, cause)
  }
}

/**
 * Deletes a folder that nobody needs at the moment. Never fails: somebody else may put something into it, or delete it.
 */
export function* deleteIfEmpty(disk: Disk, folder: string): Steps<void> {
  try {
    yield* settled(disk.rmdir(folder))
  } catch {
    // It is not empty any more, or gone.
  }
}
