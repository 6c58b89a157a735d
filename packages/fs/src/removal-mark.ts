import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { sep } from 'node:path'
import { hasCode, ioError } from './io-error.ts'
import type { Layout } from './layout.ts'
import { statOf } from './presence.ts'
import { deleteFile, namesIn } from './vanishing.ts'

const listEnding = '.names'

/**
 * The mark of a removal under way, of one name or of a thousand: a folder in `tmp/removing` that sidecars are taken into and, beside it, a
 * file that lists the names.
 *
 * Who deletes the folder has fenced off the removal: no rename into it succeeds any more. The list only says whose business the
 * folder is. It is made after the folder and deleted after it, so whoever finds no list has nothing to fence off: either the
 * folder is gone, or its removal has not begun.
 */
export class RemovalMark {
  readonly #folder: string

  /**
   * Marks the names.
   * @param unique - a name for the mark that was never used before.
   */
  constructor(layout: Layout, unique: string, names: readonly string[]) {
    this.#folder = layout.removing + sep + unique
    try {
      makeFolder(this.#folder, layout)
      // With line ends on both sides of each name, so that one is not found in another, nor in a list that is not yet whole.
      writeFileSync(this.#folder + listEnding, `\n${names.join('\n')}\n`, { flag: 'wx' })
    } catch (cause) {
      this.delete()
      throw ioError('mark a removal by the folder', this.#folder, cause)
    }
  }

  /** Takes a sidecar away, if there is one. False when a write has fenced off the removal, which then takes nothing any more. */
  take(sidecar: string): boolean {
    const taken = takenInto(this.#folder)
    try {
      renameSync(sidecar, taken)
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return statOf(this.#folder) !== undefined
      throw ioError('delete', sidecar, cause)
    }
    deleteFile(taken)
    return true
  }

  delete(): void {
    deleteMark(this.#folder)
  }
}

/** The marks that are there, by their folders, of which some may be gone already. */
export function marksIn(layout: Layout): Set<string> {
  const marks = new Set<string>()
  for (const entry of namesIn(layout.removing)) {
    marks.add(layout.removing + sep + (entry.endsWith(listEnding) ? entry.slice(0, -listEnding.length) : entry))
  }
  return marks
}

/** Deletes every mark that lists the name. */
export function deleteMarksOf(layout: Layout, name: string): void {
  if (statOf(layout.removing) === undefined) return
  for (const mark of marksIn(layout)) {
    if (readList(mark).includes(`\n${name}\n`, 0, 'latin1')) deleteMark(mark)
  }
}

/** The names that a mark lists; none when it is gone, or not yet listed. */
export function namesMarkedBy(mark: string): string[] {
  return readList(mark).toString('latin1').split('\n')
}

/** Deletes a mark and the sidecar that may be in it; the one whose mark it is may put that there in between. */
export function deleteMark(mark: string): void {
  for (;;) {
    try {
      rmdirSync(mark)
      break
    } catch (cause) {
      if (hasCode(cause, 'ENOENT', 'ENOTDIR')) break
      if (!hasCode(cause, 'ENOTEMPTY', 'EEXIST')) throw ioError('delete', mark, cause)
      deleteFile(takenInto(mark))
    }
  }
  deleteFile(mark + listEnding)
}

function takenInto(mark: string): string {
  return `${mark}${sep}sidecar`
}

function readList(mark: string): Buffer {
  try {
    return readFileSync(mark + listEnding)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return Buffer.alloc(0)
    throw ioError('read', mark + listEnding, cause)
  }
}

/** Makes the folder and those above it; others delete these when they find them empty. */
function makeFolder(folder: string, layout: Layout): void {
  for (let attempt = 1; ; attempt++) {
    try {
      mkdirSync(folder)
      return
    } catch (cause) {
      if (!hasCode(cause, 'ENOENT') || attempt === 100) throw cause
      makeRemoving(layout)
    }
  }
}

function makeRemoving(layout: Layout): void {
  try {
    mkdirSync(layout.removing, { recursive: true })
  } catch (cause) {
    // Another has deleted what was just made.
    if (!hasCode(cause, 'ENOENT')) throw cause
  }
}
