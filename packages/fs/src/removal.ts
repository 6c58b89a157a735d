import { mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { sep } from 'node:path'
import type { DirectorySync } from './directory-sync.ts'
import type { Folders } from './folders.ts'
import { hasCode, ioError } from './io-error.ts'
import { type Layout, shardOf } from './layout.ts'
import { Pace } from './pace.ts'
import { statOf } from './presence.ts'

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
 * - A removal takes the sidecar by renaming it into its mark, a folder `tmp/removing/<shard>/<name>~<unique>`. Who deletes the
 *   mark has fenced off the removal: the rename fails, and the sidecar stays.
 *
 * A removal: 1. makes its mark, 2. deletes staged files of the name, 3. deletes the bytes and syncs the folder, 4. takes the sidecar.
 * A write: 1. stages the bytes, 2. deletes marks of the name, 3. names the sidecar, 4. names the bytes.
 *
 * Whichever first step comes second, its owner sees the other's in its second step. If that is the write, the removal is fenced off or
 * has taken an old sidecar, and the write's own comes later. If it is the removal, the write is fenced off or has named its bytes already,
 * and the removal deletes them before it takes the sidecar. Either may stop for ever after any step: at worst a sidecar
 * without bytes stays, which is no blob.
 */
export class Removal {
  readonly #layout: Layout
  readonly #folders: Folders
  readonly #directories: DirectorySync | undefined
  readonly #pace = new Pace()
  #count = 0

  constructor(layout: Layout, folders: Folders, directories: DirectorySync | undefined) {
    this.#layout = layout
    this.#folders = folders
    this.#directories = directories
  }

  /** Step 2 of a write: from here on, no removal that has begun takes the name's sidecar. */
  fenceOff(name: string): void {
    const folder = this.#layout.removingFolder(shardOf(name))
    if (statOf(folder) === undefined) return
    for (const mark of namesIn(folder)) {
      if (mark.startsWith(`${name}~`)) deleteMark(folder + sep + mark)
    }
  }

  /** Removes blobs, whatever is there of them. */
  async remove(names: readonly string[], signal?: AbortSignal): Promise<void> {
    const present: string[] = []
    for (const name of names) {
      if (statOf(this.#layout.bytesPath(name)) ?? statOf(this.#layout.sidecarPath(name))) present.push(name)
      await this.#pace.step()
    }
    if (present.length === 0) return
    await this.#marked(present, async marks => {
      signal?.throwIfAborted()
      const shards = [...byShard(present)]
      const next = async (): Promise<void> => {
        for (let shard = shards.pop(); shard !== undefined; shard = shards.pop()) {
          await this.#removeFrom(shard[0], shard[1], marks)
        }
      }
      const results = await Promise.allSettled(Array.from({ length: shardsAtOnce }, next))
      for (const result of results) if (result.status === 'rejected') throw result.reason
    })
  }

  /** Takes away a sidecar that has no bytes, such as a failed write leaves. Never fails: it does no harm where it is. */
  async discardSidecar(name: string): Promise<void> {
    try {
      await this.#marked([name], async marks => {
        if (statOf(this.#layout.bytesPath(name)) === undefined) this.#takeSidecar(name, marks)
      })
    } catch {
      // See above.
    }
  }

  async #removeFrom(shard: string, names: readonly string[], marks: ReadonlyMap<string, string>): Promise<void> {
    for (const name of names) {
      deleteFile(this.#layout.bytesPath(name))
      await this.#pace.step()
    }
    // Otherwise a power cut could bring back the bytes and not the sidecar.
    await this.#directories?.sync(this.#layout.shardFolder(shard))
    for (const name of names) {
      this.#takeSidecar(name, marks)
      await this.#pace.step()
    }
  }

  #takeSidecar(name: string, marks: ReadonlyMap<string, string>): void {
    const path = this.#layout.sidecarPath(name)
    const taken = `${marks.get(name)}${sep}sidecar`
    try {
      renameSync(path, taken)
    } catch (cause) {
      // There is none, or a write has fenced us off: then it is the write's.
      if (hasCode(cause, 'ENOENT')) return
      throw ioError('delete', path, cause)
    }
    deleteFile(taken)
  }

  /** Marks the names, fences off their writes, and runs the rest. The marks are gone when it is over. */
  async #marked(names: readonly string[], rest: (marks: ReadonlyMap<string, string>) => Promise<void>): Promise<void> {
    const marks = new Map<string, string>()
    try {
      for (const name of names) {
        marks.set(name, this.#mark(name))
        await this.#pace.step()
      }
      this.#fenceOffWrites(new Set(names))
      await rest(marks)
    } finally {
      const folders = new Set<string>()
      for (const [name, mark] of marks) {
        deleteMark(mark)
        folders.add(this.#layout.removingFolder(shardOf(name)))
        await this.#pace.step()
      }
      for (const folder of [...folders, this.#layout.removing]) deleteIfEmpty(folder)
    }
  }

  #mark(name: string): string {
    const folder = this.#layout.removingFolder(shardOf(name))
    this.#count++
    const mark = `${folder}${sep}${name}~${this.#folders.writerName}-${this.#count}`
    for (let attempt = 1; ; attempt++) {
      try {
        mkdirSync(mark)
        return mark
      } catch (cause) {
        // Others delete the folders above when they find them empty.
        if (!hasCode(cause, 'ENOENT') || attempt === 100) throw ioError('mark a removal by the folder', mark, cause)
        makeFolders(folder)
      }
    }
  }

  /** Deletes what any writer has staged of the names. */
  #fenceOffWrites(names: ReadonlySet<string>): void {
    for (const writer of namesIn(this.#layout.staging)) {
      const folder = this.#layout.staging + sep + writer
      if (folder === this.#layout.removing) continue
      for (const staged of namesIn(folder)) {
        const name = staged.slice(0, staged.lastIndexOf('~'))
        if (names.has(name)) deleteFile(folder + sep + staged)
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

/** Makes a folder and those above it; where others delete one of them at the same time, it may not be there afterwards. */
function makeFolders(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw ioError('make the folder', folder, cause)
  }
}

function deleteFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw ioError('delete', path, cause)
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return []
    throw ioError('list', folder, cause)
  }
}

/** Deletes a mark and the sidecar that may be in it; the one whose mark it is may put that there in between. */
function deleteMark(mark: string): void {
  for (;;) {
    try {
      rmdirSync(mark)
      return
    } catch (cause) {
      if (hasCode(cause, 'ENOENT')) return
      if (!hasCode(cause, 'ENOTEMPTY', 'EEXIST')) throw ioError('delete', mark, cause)
      deleteFile(`${mark}${sep}sidecar`)
    }
  }
}

function deleteIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Another removal is under way.
  }
}
