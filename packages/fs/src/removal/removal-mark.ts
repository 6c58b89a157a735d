import { sep } from 'node:path'
import type { Disk } from '../disk/disk.ts'
import { deleteIfPresent, namesIn } from '../disk/if-present.ts'
import { fullCodes, hasCode, ioError } from '../disk/io-error.ts'
import type { Layout } from '../disk/layout.ts'
import { type Steps, settled } from '../disk/pace.ts'
import { lookAt } from '../disk/stat.ts'
import { isWriterId } from '../disk/writer-id.ts'

const listEnding = '.names'

/** `<writer>-<count>`; with `<name>~` before it where the mark covers one name alone. */
const markPattern = /^(?:([0-9a-f]{64}(?:\.[0-9]+)?)~)?([^~]+)-[0-9]+$/

/** How often to try again where another process makes or deletes the same folder; more than this is not chance. */
const maxAttempts = 100

/**
 * The mark of a removal under way, of one name or of many: a folder in `tmp/removing`, into which the removal renames
 * sidecars. Whoever deletes the folder has fenced off the removal: no rename into it succeeds any more.
 *
 * If the mark covers one name, the folder's own name says which: such a mark takes no more room than an empty folder. A
 * mark of many names has a file beside it that lists them. The file is made after the folder, and deleted after it. So
 * whoever finds no list has nothing to fence off: either the folder is gone, or the removal has not begun.
 */
export class RemovalMark {
  readonly #disk: Disk
  readonly #folder: string
  readonly #isOfOne: boolean

  private constructor(disk: Disk, folder: string, isOfOne: boolean) {
    this.#disk = disk
    this.#folder = folder
    this.#isOfOne = isOfOne
  }

  /**
   * Marks the names.
   * @param unique - a name for the mark that has never been used.
   */
  static *make(disk: Disk, layout: Layout, unique: string, names: readonly string[]): Steps<RemovalMark> {
    const isOfOne = names.length === 1
    const folder = layout.removing + sep + (isOfOne ? `${names[0]}~${unique}` : unique)
    const mark = new RemovalMark(disk, folder, isOfOne)
    try {
      yield* makeFolder(disk, folder, layout)
      // Line ends on both sides: a name is not found inside a longer one, nor at the end of an unfinished list.
      if (!isOfOne) yield* settled(disk.writeNewFile(folder + listEnding, `\n${names.join('\n')}\n`))
      return mark
    } catch (cause) {
      yield* mark.#abandon()
      throw ioError('mark a removal by the folder', folder, cause)
    }
  }

  /** Takes a sidecar, if there is one. False when a write has fenced off the removal, which then takes nothing. */
  *take(sidecar: string): Steps<boolean> {
    const taken = takenInto(this.#folder)
    try {
      yield* settled(this.#disk.rename(sidecar, taken))
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return (yield* lookAt(this.#disk, this.#folder)) !== undefined
      throw ioError('delete', sidecar, cause)
    }
    try {
      yield* deleteIfPresent(this.#disk, taken)
    } catch (error) {
      if ((yield* lookAt(this.#disk, taken))?.isDirectory()) throw yield* giveBack(this.#disk, taken, sidecar)
      throw error
    }
    return true
  }

  delete(): Steps<void> {
    return deleteMark(this.#disk, this.#folder, this.#isOfOne)
  }

  /** Deletes whatever of the mark was made before a failure. Does not fail itself: the first failure says more. */
  *#abandon(): Steps<void> {
    try {
      yield* this.delete()
    } catch {
      // Once this thread has ended, the sweep deletes it.
    }
  }
}

/** The mark of any removal, of this process or another. Its folder may be gone already. */
export interface FoundMark {
  readonly folder: string
  readonly writer: string
  /** The name that it covers; undefined where a list tells the names. */
  readonly name: string | undefined
}

/** The marks that are there. */
export function* marksIn(disk: Disk, layout: Layout): Steps<FoundMark[]> {
  const marks = new Map<string, FoundMark>()
  for (const entry of yield* namesIn(disk, layout.removing)) {
    const unique = entry.endsWith(listEnding) ? entry.slice(0, -listEnding.length) : entry
    const [, name, writer = ''] = markPattern.exec(unique) ?? []
    if (isWriterId(writer)) marks.set(unique, { folder: layout.removing + sep + unique, writer, name })
  }
  return [...marks.values()]
}

/** Deletes every mark of the name. */
export function* deleteMarksOf(disk: Disk, layout: Layout, name: string): Steps<void> {
  if ((yield* lookAt(disk, layout.removing)) === undefined) return
  for (const mark of yield* marksIn(disk, layout)) {
    const isOurs =
      mark.name === undefined
        ? (yield* readList(disk, mark.folder)).includes(`\n${name}\n`, 0, 'latin1')
        : mark.name === name
    if (isOurs) yield* deleteMark(disk, mark.folder, mark.name !== undefined)
  }
}

/** The names that a mark covers; none when it is gone, or its list is not written yet. */
export function* namesMarkedBy(disk: Disk, mark: FoundMark): Steps<string[]> {
  if (mark.name !== undefined) return [mark.name]
  return (yield* readList(disk, mark.folder)).toString('latin1').split('\n')
}

/** Deletes a mark, with the sidecar that may be in it: its removal may put one there at any moment. */
export function* deleteMark(disk: Disk, folder: string, isOfOne: boolean): Steps<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      yield* settled(disk.rmdir(folder))
      break
    } catch (cause) {
      if (hasCode(cause, 'ENOENT', 'ENOTDIR')) break
      // At the last attempt: something else is in it, which no store has put there.
      if (!hasCode(cause, 'ENOTEMPTY', 'EEXIST') || attempt === maxAttempts) throw ioError('delete', folder, cause)
      yield* deleteIfPresent(disk, takenInto(folder))
    }
  }
  if (!isOfOne) yield* deleteIfPresent(disk, folder + listEnding)
}

/** Puts back a folder of somebody else's that stood in the place of a sidecar. Returns the error to throw. */
function* giveBack(disk: Disk, taken: string, sidecar: string): Steps<Error> {
  try {
    yield* settled(disk.rename(taken, sidecar))
  } catch (cause) {
    return ioError('give back', taken, cause)
  }
  return ioError('delete', sidecar, Object.assign(new Error('not a file'), { code: 'EISDIR' }))
}

function takenInto(mark: string): string {
  return `${mark}${sep}sidecar`
}

function* readList(disk: Disk, mark: string): Steps<Buffer> {
  try {
    return yield* settled(disk.readFile(mark + listEnding))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return Buffer.alloc(0)
    throw ioError('read', mark + listEnding, cause)
  }
}

/** Makes the folder, and those above it, which other processes delete when they find them empty. */
function* makeFolder(disk: Disk, folder: string, layout: Layout): Steps<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      yield* settled(disk.mkdir(folder))
      return
    } catch (cause) {
      if (!hasCode(cause, 'ENOENT') || attempt === maxAttempts) throw cause
      yield* makeRemoving(disk, layout)
    }
  }
}

function* makeRemoving(disk: Disk, layout: Layout): Steps<void> {
  try {
    yield* settled(disk.makeAll(layout.removing))
  } catch (cause) {
    // Another process has deleted what was just made: the caller tries again.
    if (hasCode(cause, 'ENOENT')) return
    if (!hasCode(cause, ...fullCodes) || !(yield* useReserve(disk, layout))) throw cause
  }
}

/** A rename takes no room. Where `removing` is there by now and empty, the rename replaces it, which does no harm. */
function* useReserve(disk: Disk, layout: Layout): Steps<boolean> {
  try {
    yield* settled(disk.rename(layout.reserve, layout.removing))
    return true
  } catch {
    return (yield* lookAt(disk, layout.removing)) !== undefined
  }
}
