import { dirname, sep } from 'node:path'
import type { DirectorySync } from './directory-sync.ts'
import type { Disk } from './disk.ts'
import { deleteIfEmpty, deleteIfPresent, namesIn } from './if-present.ts'
import { hasCode, ioError } from './io-error.ts'
import type { Layout } from './layout.ts'
import { type Steps, settled } from './pace.ts'
import { stagedName } from './staging.ts'
import { isGone, lookAt } from './stat.ts'
import { WriteConflict } from './write-conflict.ts'
import { newWriterId } from './writer-id.ts'

/**
 * Makes the folders of a store when they are needed, and makes their names durable. After {@link forget}, folders that
 * somebody has removed are made again.
 */
export class Folders {
  /** The name of this writer's own folder below `root/tmp`. */
  readonly writerId: string = newWriterId()
  /** Where this store stages and spools: `root/tmp/<writerId>`. */
  readonly writerFolder: string
  readonly #disk: Disk
  readonly #layout: Layout
  /** Undefined when durability is relaxed. */
  readonly #directories: DirectorySync | undefined
  /** Settles when the names of root, `sha256` and `tmp` are durable; undefined before they are made. */
  #base: Promise<void> | undefined
  /** The shards whose folders are made and durable, as far as this store makes them durable. */
  readonly #readyShards = new Set<string>()
  /** The folders that this store has made. */
  readonly #made = new Set<string>()
  /** Whether the sync of one of their names has failed. */
  #hasFailed = false

  constructor(disk: Disk, layout: Layout, directories: DirectorySync | undefined) {
    this.#disk = disk
    this.#layout = layout
    this.#directories = directories
    this.writerFolder = layout.staging + sep + this.writerId
  }

  /**
   * Makes every folder that a put to the shard needs.
   * @throws WriteConflict when a folder that was there is gone.
   */
  *make(shard: string): Steps<void> {
    if (this.#readyShards.has(shard)) return
    this.openBase()
    yield* this.#make(this.#layout.shardFolder(shard))
    if (this.#directories === undefined) this.#readyShards.add(shard)
  }

  /** Settles when the folders that {@link make} has made are durable; undefined when they are known to be. */
  durable(shard: string): Promise<void> | undefined {
    if (this.#directories === undefined || this.#readyShards.has(shard)) return undefined
    // Even when the folder was there: whoever made it may not have synced its name yet.
    const all = [this.openBase(), this.#directories.syncName(this.#layout.shardFolder(shard))]
    const durable = Promise.all(all).then(
      () => void this.#readyShards.add(shard),
      error => this.#fail(error),
    )
    durable.catch(() => {})
    return durable
  }

  /**
   * Makes the root, `sha256`, `tmp` and this writer's folder. In place, also where the disk is slow: it is done once,
   * and two puts must not do it at the same time.
   */
  openBase(): Promise<void> {
    if (this.#base !== undefined) return this.#base
    const made: string[] = []
    this.#disk.runInPlace(this.#makeBase(made))
    const base = this.#syncBase(made)
    this.#base = base
    base.catch(error => this.#fail(error)).catch(() => {})
    return base
  }

  *#makeBase(made: string[]): Steps<void> {
    if (this.#hasFailed) yield* this.#removeMade()
    yield* this.#makeRoot(this.#layout.root, made)
    yield* this.#make(this.#layout.shards)
    yield* this.#make(this.#layout.staging)
    yield* this.#make(this.writerFolder)
    yield* this.keepReserve()
  }

  /** Makes the reserve of `removing`, if that is possible; see removal-mark.ts. */
  *keepReserve(): Steps<void> {
    try {
      yield* settled(this.#disk.mkdir(this.#layout.reserve))
      this.#made.add(this.#layout.reserve)
    } catch {
      // It is there, or a later call makes it.
    }
  }

  /** This writer's folder; makes it if need be. In place: whoever is about to spool a body cannot wait. */
  spoolFolder(): string {
    if (this.#base === undefined || this.#disk.runInPlace(lookAt(this.#disk, this.writerFolder)) === undefined) {
      this.forget()
      // If the sync of its name fails, the next put reports that.
      this.openBase().catch(() => {})
    }
    return this.writerFolder
  }

  /** Somebody has removed a folder: check each again before it is used. */
  forget(): void {
    this.#base = undefined
    this.#readyShards.clear()
  }

  /** Deletes what failed writes left, and then this writer's folder, if it is empty. */
  *close(): Steps<void> {
    if (this.#base === undefined) return
    try {
      for (const entry of yield* namesIn(this.#disk, this.writerFolder)) {
        if (stagedName(entry) !== undefined) yield* deleteIfPresent(this.#disk, this.writerFolder + sep + entry)
      }
    } catch {
      // Once this thread has ended, the next store that opens here sweeps it.
    }
    // It is not empty while the host holds a content whose spool file is here.
    yield* deleteIfEmpty(this.#disk, this.writerFolder)
  }

  #fail(error: unknown): never {
    this.#hasFailed = true
    this.forget()
    throw error
  }

  /**
   * After the sync of a name has failed: deletes the folders that this store has made, where they are empty. The kernel
   * has forgotten that name and would not write it with the next sync, but it does write the name of a folder that is
   * made anew.
   */
  *#removeMade(): Steps<void> {
    // The longest paths are the deepest.
    for (const folder of [...this.#made].sort((one, other) => other.length - one.length)) {
      yield* deleteIfEmpty(this.#disk, folder)
      if (isGone(folder)) this.#made.delete(folder)
    }
    this.#hasFailed = false
    this.#directories?.trustAgain()
  }

  /** Makes the root and every missing folder above it. Tells the folders that it has made. */
  *#makeRoot(folder: string, made: string[]): Steps<void> {
    try {
      yield* settled(this.#disk.mkdir(folder))
      this.#made.add(folder)
      made.push(folder)
    } catch (cause) {
      const parent = dirname(folder)
      if (hasCode(cause, 'ENOENT') && parent !== folder) {
        yield* this.#makeRoot(parent, made)
        yield* this.#makeRoot(folder, made)
      } else if ((yield* lookAt(this.#disk, folder))?.isDirectory() !== true) {
        throw ioError('make the folder', folder, cause)
      }
    }
  }

  *#make(folder: string): Steps<void> {
    try {
      yield* settled(this.#disk.mkdir(folder))
      this.#made.add(folder)
    } catch (cause) {
      if (hasCode(cause, 'EEXIST') && (yield* lookAt(this.#disk, folder))?.isDirectory() === true) return
      if (hasCode(cause, 'ENOENT')) throw new WriteConflict(cause)
      throw ioError('make the folder', folder, cause)
    }
  }

  /**
   * Makes durable the names of the root's folders, of the root, and of every folder above it: another process may have
   * made these a moment ago, and not synced them yet. A folder above that this process may not open was not made by a
   * process like this one, and needs no sync.
   */
  async #syncBase(made: readonly string[]): Promise<void> {
    const directories = this.#directories
    if (directories === undefined) return
    const above: Promise<void>[] = []
    for (let folder = this.#layout.root; folder !== dirname(folder); folder = dirname(folder)) {
      const synced = directories.syncName(folder)
      above.push(made.includes(folder) ? synced : synced.catch(ignoreForbidden))
    }
    // One sync of the root covers all names in it.
    await Promise.all([directories.syncName(this.#layout.shards), ...above])
  }
}

function ignoreForbidden(error: Error): void {
  if (!hasCode(error.cause, 'EACCES', 'EPERM', 'EROFS', 'EINVAL')) throw error
}
