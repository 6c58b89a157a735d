import { readdirSync, rmdirSync, unlinkSync } from 'node:fs'
import { hasCode, ioError } from './io-error.ts'

/*
 * Calls on what other processes may delete at any moment: if it is gone already, that is no failure.
 */

/** The names in a folder; none when there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return []
    throw ioError('list', folder, cause)
  }
}

/** The names of the folders in a folder, without links to folders elsewhere. */
export function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.flatMap(entry => (entry.isDirectory() ? [entry.name] : []))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return []
    throw ioError('list', folder, cause)
  }
}

export function deleteIfPresent(path: string): void {
  try {
    unlinkSync(path)
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw ioError('delete', path, cause)
  }
}

/**
 * Deletes a folder that nobody needs at the moment. Never fails: somebody else may put something into it, or delete it.
 */
export function deleteIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It is not empty any more, or gone.
  }
}
