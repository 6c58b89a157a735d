import { sep } from 'node:path'
import { concurrently, LoopYield } from '@lash/attachments-core/backend'
import type { DirectorySync } from '../disk/directory-sync.ts'
import type { Disk } from '../disk/disk.ts'
import type { Folders } from '../disk/folders.ts'
import { deleteIfEmpty, deleteIfPresent, foldersIn, namesIn } from '../disk/if-present.ts'
import { fullCodes, hasCode } from '../disk/io-error.ts'
import { type Layout, shardOf } from '../disk/layout.ts'
import type { Steps } from '../disk/pace.ts'
import { lookAt } from '../disk/stat.ts'
import { isWriterId } from '../disk/writer-id.ts'
import { deleteMarksOf, RemovalMark } from './removal-mark.ts'

/** Shards whose folders are synced at the same time: twice the 4 threads of libuv's pool. */
const shardsAtOnce = 8

/**
 * Removes blobs while other processes may write the same names. It needs no locks and no clocks, and does not rely on
 * anybody staying alive.
 *
 * There must never be bytes without a sidecar, so a removal may take a sidecar only if no write names the bytes at the
 * same time. Each side can fence the other off, because the last step of each depends on something that the other can
 * delete:
 *
 * - A write names its bytes by renaming a staged file that carries the name. Whoever deletes the staged file has fenced
 *   off the write: the rename fails, and the write starts again.
 * - A removal takes sidecars by renaming them into its mark, which lists its names. Whoever deletes the mark has fenced
 *   off the removal: the rename fails, and the sidecar stays.
 *
 * - A removal 1. makes its mark, 2. deletes staged files of its names, 3. deletes the bytes and syncs the folders,
 *   4. takes the sidecars.
 * - A write 1. stages the bytes, 2. deletes marks that list the name, 3. names the sidecar, 4. names the bytes.
 *
 * Whoever takes its first step later sees the other's first step in its own second step. If that is the write, the
 * removal is fenced off or has taken an old sidecar, and the write's own sidecar comes later. If it is the removal, the
 * write is fenced off or has named its bytes already, and the removal deletes these before it takes the sidecar. Either
 * side may stop for ever after any step: at worst a sidecar without bytes stays, and that is no blob.
 *
 * One mark covers all names of a removal, because making a folder costs more than deleting many files. A write that
 * fences off the removal for one name fences off the others too. The removal then takes the sidecars that are left name
 * by name, each under a mark of its own, if the name still has no bytes.
 *
 * A mark needs room. Where there is none, the bytes of one name are deleted first, without a mark: it is safe to delete
 * bytes alone at any moment, since no sidecar is taken with them. That makes room for a mark of one name, under which
 * the sidecar is then taken, as above. A process that is killed in between leaves a sidecar that no mark tells of.
 */
export class Removal {
  readonly #disk: Disk
  readonly #layout: Layout
  readonly #folders: Folders
  readonly #directories: DirectorySync | undefined
  readonly #loopYield = new LoopYield()
  #count = 0

  constructor(disk: Disk, layout: Layout, folders: Folders, directories: DirectorySync | undefined) {
    this.#disk = disk
    this.#layout = layout
    this.#folders = folders
    this.#directories = directories
  }

  /** Step 2 of a write: afterwards, no removal that has already begun takes the name's sidecar. */
  fenceOff(name: string): Steps<void> {
    return deleteMarksOf(this.#disk, this.#layout, name)
  }

  /** Removes blobs: bytes, sidecars, or whichever of the two is there. */
  async remove(names: readonly string[], signal?: AbortSignal): Promise<void> {
    const present: string[] = []
    for (const name of names) {
      if (await this.#disk.run(this.#isThere(name), signal)) present.push(name)
      await this.#loopYield.beforeStep()
    }
    if (present.length === 0) return
    let left: readonly string[]
    try {
      left = await this.#removeTogether(present, signal)
    } catch (error) {
      if (!hasCode((error as Error).cause, ...fullCodes)) throw error
      return this.#removeWithoutRoom(present, signal)
    }
    for (const name of left) await this.#takeIfWithoutBytes([name])
  }

  *#isThere(name: string): Steps<boolean> {
    const bytes = yield* lookAt(this.#disk, this.#layout.bytesPath(name))
    return (bytes ?? (yield* lookAt(this.#disk, this.#layout.sidecarPath(name)))) !== undefined
  }

  /** Removes blobs under one mark. Returns the names whose sidecars are left, because a write has fenced it off. */
  async #removeTogether(names: readonly string[], signal: AbortSignal | undefined): Promise<string[]> {
    const left: string[] = []
    await this.#marked(names, async mark => {
      signal?.throwIfAborted()
      await concurrently([...byShard(names)], shardsAtOnce, async ([shard, members]) => {
        for (const name of members) {
          await this.#disk.run(deleteIfPresent(this.#disk, this.#layout.bytesPath(name)))
          await this.#loopYield.beforeStep()
        }
        left.push(...(await this.#takeSidecars(shard, members, mark)))
      })
    })
    return left
  }

  /** Removes blobs one by one: the bytes of each leave room for its mark. */
  async #removeWithoutRoom(names: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    for (const name of names) {
      signal?.throwIfAborted()
      await this.#disk.run(deleteIfPresent(this.#disk, this.#layout.bytesPath(name)))
      await this.#takeIfWithoutBytes([name])
    }
    await this.#disk.run(this.#folders.keepReserve())
  }

  /** Takes sidecars that have no bytes, such as a failed write leaves. Never fails: such sidecars do no harm. */
  async discardSidecars(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    try {
      await this.#takeIfWithoutBytes(names)
    } catch {
      // See above.
    }
  }

  async #takeIfWithoutBytes(names: readonly string[]): Promise<void> {
    await this.#marked(names, async mark => {
      const withoutBytes: string[] = []
      for (const name of names) {
        const bytes = await this.#disk.run(lookAt(this.#disk, this.#layout.bytesPath(name)))
        if (bytes === undefined) withoutBytes.push(name)
      }
      for (const [shard, members] of byShard(withoutBytes)) await this.#takeSidecars(shard, members, mark)
    })
  }

  /** Takes the sidecars of names in one shard, whose bytes are gone. Returns the names that a write has fenced off. */
  async #takeSidecars(shard: string, names: readonly string[], mark: RemovalMark): Promise<string[]> {
    // Otherwise a power cut could bring back the bytes and not the sidecar.
    await this.#directories?.sync(this.#layout.shardFolder(shard))
    const left: string[] = []
    for (const name of names) {
      if (!(await this.#disk.run(mark.take(this.#layout.sidecarPath(name))))) left.push(name)
      await this.#loopYield.beforeStep()
    }
    return left
  }

  /** Marks the names, fences off their writes, runs the rest, and deletes the mark. */
  async #marked(names: readonly string[], rest: (mark: RemovalMark) => Promise<void>): Promise<void> {
    this.#count++
    const unique = `${this.#folders.writerId}-${this.#count}`
    const mark = await this.#disk.run(RemovalMark.make(this.#disk, this.#layout, unique, names))
    try {
      await this.#disk.run(this.#fenceOffWrites(new Set(names)))
      await rest(mark)
    } finally {
      await this.#disk.run(mark.delete())
      await this.#disk.run(deleteIfEmpty(this.#disk, this.#layout.removing))
    }
  }

  /** Deletes the staged files of the names, whoever their writers are. */
  *#fenceOffWrites(names: ReadonlySet<string>): Steps<void> {
    for (const writer of (yield* foldersIn(this.#disk, this.#layout.staging)).filter(isWriterId)) {
      const folder = this.#layout.staging + sep + writer
      for (const staged of yield* namesIn(this.#disk, folder)) {
        const name = staged.slice(0, staged.lastIndexOf('~'))
        if (names.has(name)) yield* deleteIfPresent(this.#disk, folder + sep + staged)
      }
    }
  }
}

function byShard(names: readonly string[]): Map<string, string[]> {
  const shards = new Map<string, string[]>()
  for (const name of names) {
    const members = shards.get(shardOf(name))
    if (members === undefined) shards.set(shardOf(name), [name])
    else members.push(name)
  }
  return shards
}
