import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { sep } from 'node:path'
import { deleteIfPresent, namesIn } from '../disk/if-present.ts'
import { fullCodes, hasCode, ioError } from '../disk/io-error.ts'
import type { Layout } from '../disk/layout.ts'
import { statOf } from '../disk/stat.ts'
import { isWriterId } from '../disk/writer-id.ts'

const listEnding = '.names'

/** `<writer>-<count>`, and before it the name if the mark is of one name alone. */
const markPattern = /^(?:([0-9a-f]{64}(?:\.[0-9]+)?)~)?([^~]+)-[0-9]+$/

/** So often a mark is deleted again that its owner is just using; more than this is not chance. */
const maxAttempts = 100

/**
 * The mark of a removal under way, of one name or of a thousand: a folder in `tmp/removing` that sidecars are taken into. Who deletes the
 * folder has fenced off the removal: no rename into it succeeds any more.
 *
 * The folder's own name says whose business it is, if it is of one name: such a mark takes no more room than a folder does. A mark of
 * many has a file beside it that lists the names. It is made after the folder and deleted after it, so whoever finds no list has nothing to
 * fence off: either the folder is gone, or its removal has not begun.
 */
export class RemovalMark {
  readonly #folder: string
  readonly #isOfOne: boolean

  /**
   * Marks the names.
   * @param unique - a name for the mark that was never used before.
   */
  constructor(layout: Layout, unique: string, names: readonly string[]) {
    this.#isOfOne = names.length === 1
    this.#folder = layout.removing + sep + (this.#isOfOne ? `${names[0]}~${unique}` : unique)
    try {
      makeFolder(this.#folder, layout)
      // With line ends on both sides of each name, so that one is not found in another, nor in a list that is not yet whole.
      if (!this.#isOfOne) writeFileSync(this.#folder + listEnding, `\n${names.join('\n')}\n`, { flag: 'wx' })
    } catch (cause) {
      this.#abandon()
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
    try {
      deleteIfPresent(taken)
    } catch (error) {
      if (statOf(taken)?.isDirectory()) throw giveBack(taken, sidecar)
      throw error
    }
    return true
  }

  delete(): void {
    deleteMark(this.#folder, this.#isOfOne)
  }

  /** Deletes what there may be of it after a failure, which says more than another. */
  #abandon(): void {
    try {
      this.delete()
    } catch {
      // It is swept when this thread has ended.
    }
  }
}

/** A mark of any removal. Its folder may be gone already. */
export interface FoundMark {
  readonly folder: string
  readonly writer: string
  /** What it marks, if that is one name and it has no list. */
  readonly name: string | undefined
}

/** The marks that are there. */
export function marksIn(layout: Layout): FoundMark[] {
  const marks = new Map<string, FoundMark>()
  for (const entry of namesIn(layout.removing)) {
    const unique = entry.endsWith(listEnding) ? entry.slice(0, -listEnding.length) : entry
    const [, name, writer = ''] = markPattern.exec(unique) ?? []
    if (isWriterId(writer)) marks.set(unique, { folder: layout.removing + sep + unique, writer, name })
  }
  return [...marks.values()]
}

/** Deletes every mark of the name. */
export function deleteMarksOf(layout: Layout, name: string): void {
  if (statOf(layout.removing) === undefined) return
  for (const mark of marksIn(layout)) {
    const isOurs =
      mark.name === undefined ? readList(mark.folder).includes(`\n${name}\n`, 0, 'latin1') : mark.name === name
    if (isOurs) deleteMark(mark.folder, mark.name !== undefined)
  }
}

/** The names that a mark is of; none when it is gone, or not yet listed. */
export function namesMarkedBy(mark: FoundMark): string[] {
  return mark.name === undefined ? readList(mark.folder).toString('latin1').split('\n') : [mark.name]
}

/** Deletes a mark and the sidecar that may be in it; the one whose mark it is may put that there in between. */
export function deleteMark(folder: string, isOfOne: boolean): void {
  for (let attempt = 1; ; attempt++) {
    try {
      rmdirSync(folder)
      break
    } catch (cause) {
      if (hasCode(cause, 'ENOENT', 'ENOTDIR')) break
      // Something else is in it that nobody of us has put there.
      if (!hasCode(cause, 'ENOTEMPTY', 'EEXIST') || attempt === maxAttempts) throw ioError('delete', folder, cause)
      deleteIfPresent(takenInto(folder))
    }
  }
  if (!isOfOne) deleteIfPresent(folder + listEnding)
}

/** Puts a folder of somebody else's back in the place of a sidecar; it fails where there is one again. */
function giveBack(taken: string, sidecar: string): Error {
  try {
    renameSync(taken, sidecar)
  } catch (cause) {
    return ioError('give back', taken, cause)
  }
  return ioError('delete', sidecar, Object.assign(new Error('not a file'), { code: 'EISDIR' }))
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
      if (!hasCode(cause, 'ENOENT') || attempt === maxAttempts) throw cause
      makeRemoving(layout)
    }
  }
}

function makeRemoving(layout: Layout): void {
  try {
    mkdirSync(layout.removing, { recursive: true })
  } catch (cause) {
    // Another has deleted what was just made.
    if (hasCode(cause, 'ENOENT')) return
    if (!hasCode(cause, ...fullCodes) || !useReserve(layout)) throw cause
  }
}

/** To give a folder another name takes no room. In the place of an empty `removing` it does no harm. */
function useReserve(layout: Layout): boolean {
  try {
    renameSync(layout.reserve, layout.removing)
    return true
  } catch {
    return statOf(layout.removing) !== undefined
  }
}
