import { mkdirSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import type { DirectorySync } from './directory-sync.ts'
import { deleteIfEmpty, deleteIfPresent, namesIn } from './if-present.ts'
import { hasCode, ioError } from './io-error.ts'
import type { Layout } from './layout.ts'
import { stagedName } from './staging.ts'
import { isGone, statOf } from './stat.ts'
import { WriteConflict } from './write-conflict.ts'
import { newWriterId } from './writer-id.ts'

/**
 * Makes the folders of a store when they are needed and sees to it that their names are durable. Folders that somebody removes are
 * made again after {@link forget}.
 */
export class Folders {
  /** The name of this writer's folder below `root/tmp`. */
  readonly writerId: string = newWriterId()
  /** Where this store stages and spools: `root/tmp/<writerId>`. */
  readonly writerFolder: string
  readonly #layout: Layout
  /** Undefined when durability is relaxed. */
  readonly #directories: DirectorySync | undefined
  /** Settles when the names of root, `sha256` and `tmp` are durable; undefined before they were made. */
  #base: Promise<void> | undefined
  readonly #durableShards = new Set<string>()
  /** What this store has made. */
  readonly #made = new Set<string>()
  /** Whether the names of some of these could not be synced. */
  #failed = false

  constructor(layout: Layout, directories: DirectorySync | undefined) {
    this.#layout = layout
    this.#directories = directories
    this.writerFolder = layout.staging + sep + this.writerId
  }

  /**
   * Makes everything that a put to the shard needs, at once. What it returns settles when all of it is durable, and is undefined
   * when it is known to be.
   * @throws WriteConflict when a folder that was there is not any more.
   */
  open(shard: string): Promise<void> | undefined {
    if (this.#durableShards.has(shard)) return undefined
    const base = this.openBase()
    const folder = this.#layout.shardFolder(shard)
    this.#make(folder)
    const directories = this.#directories
    if (directories === undefined) {
      this.#durableShards.add(shard)
      return undefined
    }
    // Also when the folder was there: its maker may not have come to sync its name.
    return Promise.all([base, directories.syncName(folder)]).then(
      () => void this.#durableShards.add(shard),
      error => this.#fail(error),
    )
  }

  /** Makes the root, `sha256`, `tmp` and this writer's folder. */
  openBase(): Promise<void> {
    if (this.#base !== undefined) return this.#base
    if (this.#failed) this.#unmake()
    const gained = this.#makeRoot()
    this.#make(this.#layout.shards)
    this.#make(this.#layout.staging)
    this.#make(this.writerFolder)
    this.keepReserve()
    const base = this.#syncBase(gained)
    this.#base = base
    base.catch(error => this.#fail(error)).catch(() => {})
    return base
  }

  /** Makes the reserve of `removing`, if it can be made; see removal-mark.ts. */
  keepReserve(): void {
    try {
      mkdirSync(this.#layout.reserve)
      this.#made.add(this.#layout.reserve)
    } catch {
      // It is there, or will be made by the next that can.
    }
  }

  /** This writer's folder, which is there when this returns. */
  spoolFolder(): string {
    if (this.#base === undefined || statOf(this.writerFolder) === undefined) {
      this.forget()
      // Where its sync fails, the next put says so.
      this.openBase().catch(() => {})
    }
    return this.writerFolder
  }

  /** Somebody removed a folder: look at each again before it is used. */
  forget(): void {
    this.#base = undefined
    this.#durableShards.clear()
  }

  /** Removes what failed writes left, and this writer's folder if it is empty then. */
  close(): void {
    if (this.#base === undefined) return
    try {
      for (const entry of namesIn(this.writerFolder)) {
        if (stagedName(entry) !== undefined) deleteIfPresent(this.writerFolder + sep + entry)
      }
    } catch {
      // The next store that opens here sweeps it, when this thread has ended.
    }
    // A content that the host still holds may have its spool file here.
    deleteIfEmpty(this.writerFolder)
  }

  #fail(error: unknown): never {
    this.#failed = true
    this.forget()
    throw error
  }

  /**
   * Removes what this store has made, if it is empty, after a name of it could not be synced. The kernel has forgotten that name and would
   * not write it with the next sync, but it writes that of a folder that is made anew.
   */
  #unmake(): void {
    // The longest paths are the deepest.
    for (const folder of [...this.#made].sort((one, other) => other.length - one.length)) {
      deleteIfEmpty(folder)
      if (isGone(folder)) this.#made.delete(folder)
    }
    this.#failed = false
    this.#directories?.trustAgain()
  }

  /** Makes the root and whatever is missing above it; returns the folders that it has made. */
  #makeRoot(): string[] {
    const gained: string[] = []
    const make = (folder: string): void => {
      try {
        mkdirSync(folder)
        this.#made.add(folder)
        gained.push(folder)
      } catch (cause) {
        const parent = dirname(folder)
        if (hasCode(cause, 'ENOENT') && parent !== folder) {
          make(parent)
          make(folder)
        } else if (statOf(folder)?.isDirectory() !== true) {
          throw ioError('make the folder', folder, cause)
        }
      }
    }
    make(this.#layout.root)
    return gained
  }

  #make(folder: string): void {
    try {
      mkdirSync(folder)
      this.#made.add(folder)
    } catch (cause) {
      if (hasCode(cause, 'EEXIST') && statOf(folder)?.isDirectory() === true) return
      if (hasCode(cause, 'ENOENT')) throw new WriteConflict(cause)
      throw ioError('make the folder', folder, cause)
    }
  }

  /**
   * Makes the names durable of the root's folders, of the root, and of every folder above it: another process may have made these a
   * moment ago and not yet synced them. A folder above that is closed to us was not made by one like us.
   */
  async #syncBase(gained: readonly string[]): Promise<void> {
    const directories = this.#directories
    if (directories === undefined) return
    const above: Promise<void>[] = []
    for (let folder = this.#layout.root; folder !== dirname(folder); folder = dirname(folder)) {
      const synced = directories.syncName(folder)
      above.push(gained.includes(folder) ? synced : synced.catch(ignoreClosed))
    }
    // One sync of the root does for all names in it.
    await Promise.all([directories.syncName(this.#layout.shards), ...above])
  }
}

function ignoreClosed(error: Error): void {
  if (!hasCode(error.cause, 'EACCES', 'EPERM', 'EROFS', 'EINVAL')) throw error
}
