import { sep } from 'node:path'
import { concurrently, LoopYield } from '@lash/attachments-core/backend'
import type { DirectorySync } from '../disk/directory-sync.ts'
import type { Folders } from '../disk/folders.ts'
import { deleteIfEmpty, deleteIfPresent, foldersIn, namesIn } from '../disk/if-present.ts'
import { fullCodes, hasCode } from '../disk/io-error.ts'
import { type Layout, shardOf } from '../disk/layout.ts'
import { statOf } from '../disk/stat.ts'
import { isWriterId } from '../disk/writer-id.ts'
import { deleteMarksOf, RemovalMark } from './removal-mark.ts'

/** Shards whose folders are synced at the same time. */
const shardsAtOnce = 8

/**
 * Removes blobs while other processes may write the same names, without locks, clocks or trust that anybody is alive.
 *
 * Bytes without a sidecar must never come to be, so a removal may take a sidecar only if no write gives the bytes their name at the
 * same time. Each side can fence the other off, because each makes its last step depend on something that the other can delete:
 *
 * - A write names its bytes by renaming a staged file that carries the name. Who deletes the staged file has fenced off the write:
 *   the rename fails, and the write starts again.
 * - A removal takes sidecars by renaming them into its mark, which lists its names. Who deletes the mark has fenced off the removal: the
 *   rename fails, and the sidecar stays.
 *
 * A removal: 1. makes its mark, 2. deletes staged files of its names, 3. deletes the bytes and syncs the folders, 4. takes the sidecars.
 * A write: 1. stages the bytes, 2. deletes marks that list the name, 3. names the sidecar, 4. names the bytes.
 *
 * Whichever first step comes second, its owner sees the other's in its second step. If that is the write, the removal is fenced off or
 * has taken an old sidecar, and the write's own comes later. If it is the removal, the write is fenced off or has named its bytes already,
 * and the removal deletes them before it takes the sidecar. Either may stop for ever after any step: at worst a sidecar
 * without bytes stays, which is no blob.
 *
 * One mark does for all names of a removal, since making a folder costs more than deleting many files. A write that fences it off by one
 * name fences off the others too: what was not yet taken of those is taken name by name, each under a mark of its own, where it
 * still has no bytes.
 *
 * A mark needs room. Where there is none, the bytes of one name go first, without a mark: to delete bytes alone is safe at any moment, since no
 * sidecar goes with them. What they took is room enough for a mark of one name, under which the sidecar is then taken, as above. Killed
 * in between, we leave a sidecar that no mark tells of.
 */
export class Removal {
  readonly #layout: Layout
  readonly #folders: Folders
  readonly #directories: DirectorySync | undefined
  readonly #loopYield = new LoopYield()
  #count = 0

  constructor(layout: Layout, folders: Folders, directories: DirectorySync | undefined) {
    this.#layout = layout
    this.#folders = folders
    this.#directories = directories
  }

  /** Step 2 of a write: from here on, no removal that has begun takes the name's sidecar. */
  fenceOff(name: string): void {
    deleteMarksOf(this.#layout, name)
  }

  /** Removes blobs, whatever is there of them. */
  async remove(names: readonly string[], signal?: AbortSignal): Promise<void> {
    const present: string[] = []
    for (const name of names) {
      if (statOf(this.#layout.bytesPath(name)) ?? statOf(this.#layout.sidecarPath(name))) present.push(name)
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

  /** Removes blobs under one mark; gives the names whose sidecars are left, because a write has fenced off the removal. */
  async #removeTogether(names: readonly string[], signal: AbortSignal | undefined): Promise<string[]> {
    const left: string[] = []
    await this.#marked(names, async mark => {
      signal?.throwIfAborted()
      await concurrently([...byShard(names)], shardsAtOnce, async ([shard, members]) => {
        for (const name of members) {
          deleteIfPresent(this.#layout.bytesPath(name))
          await this.#loopYield.beforeStep()
        }
        left.push(...(await this.#takeSidecars(shard, members, mark)))
      })
    })
    return left
  }

  /** Removes blobs one by one, with what the bytes of each took as the room for its mark. */
  async #removeWithoutRoom(names: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    for (const name of names) {
      signal?.throwIfAborted()
      deleteIfPresent(this.#layout.bytesPath(name))
      await this.#takeIfWithoutBytes([name])
    }
    this.#folders.keepReserve()
  }

  /** Takes away sidecars that have no bytes, such as a failed write leaves. Never fails: they do no harm where they are. */
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
      const withoutBytes = names.filter(name => statOf(this.#layout.bytesPath(name)) === undefined)
      for (const [shard, members] of byShard(withoutBytes)) await this.#takeSidecars(shard, members, mark)
    })
  }

  /** Takes the sidecars of names of one shard, whose bytes are gone; gives the names that a write has fenced off. */
  async #takeSidecars(shard: string, names: readonly string[], mark: RemovalMark): Promise<string[]> {
    // Otherwise a power cut could bring back the bytes and not the sidecar.
    await this.#directories?.sync(this.#layout.shardFolder(shard))
    const left: string[] = []
    for (const name of names) {
      if (!mark.take(this.#layout.sidecarPath(name))) left.push(name)
      await this.#loopYield.beforeStep()
    }
    return left
  }

  /** Marks the names, fences off their writes, and runs the rest. The mark is gone when it is over. */
  async #marked(names: readonly string[], rest: (mark: RemovalMark) => Promise<void>): Promise<void> {
    this.#count++
    const mark = new RemovalMark(this.#layout, `${this.#folders.writerId}-${this.#count}`, names)
    try {
      this.#fenceOffWrites(new Set(names))
      await rest(mark)
    } finally {
      mark.delete()
      deleteIfEmpty(this.#layout.removing)
    }
  }

  /** Deletes what any writer has staged of the names. */
  #fenceOffWrites(names: ReadonlySet<string>): void {
    for (const writer of foldersIn(this.#layout.staging).filter(isWriterId)) {
      const folder = this.#layout.staging + sep + writer
      for (const staged of namesIn(folder)) {
        const name = staged.slice(0, staged.lastIndexOf('~'))
        if (names.has(name)) deleteIfPresent(folder + sep + staged)
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
