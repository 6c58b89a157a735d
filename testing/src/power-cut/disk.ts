import { basename, dirname } from 'node:path'
import type { DiskState } from './disk-state.ts'
import type { Fate } from './fate.ts'
import { type FolderNode, makeDurable, type NameChange, type Node, newFile, newFolder, type Write } from './nodes.ts'
import type { Operation } from './operations.ts'
import { everyState, type Ignored, stateBy } from './states.ts'

const nothing: Ignored = () => false

/**
 * A disk that forgets, in the strictest model that POSIX allows: what was not synced survives a power cut or not, each
 * change of a name and each write independently of every other; a write may survive by half or as zeros; nothing is
 * ordered but by fsync.
 */
export class Disk {
  readonly #folder: string
  readonly #top: FolderNode = newFolder()
  readonly #open = new Map<number, { node: Node; position: number }>()
  readonly #syncs = new Map<number, { node: Node; covered: Set<Write | NameChange> }>()

  /** @param folder - the folder that everything happens in. It is there for certain. */
  constructor(folder: string) {
    this.#folder = folder
  }

  apply(operation: Operation): void {
    switch (operation.kind) {
      case 'open':
        this.#openFile(operation.file, operation.path, operation.create, operation.truncate)
        return
      case 'close':
        this.#open.delete(operation.file)
        return
      case 'write':
        this.#write(operation.file, operation.data, operation.offset, operation.synced === true)
        return
      case 'seek': {
        const open = this.#open.get(operation.file)
        if (open !== undefined) open.position = operation.position
        return
      }
      case 'resize': {
        const node = this.#open.get(operation.file)?.node
        if (node !== undefined) resize(node, operation.byteLength)
        return
      }
      case 'sync-begin': {
        const node = this.#open.get(operation.file)?.node
        if (node !== undefined)
          this.#syncs.set(operation.sync, { node, covered: new Set<Write | NameChange>(node.pending) })
        return
      }
      case 'sync-end': {
        const sync = this.#syncs.get(operation.sync)
        if (sync !== undefined) makeDurable(sync.node, sync.covered)
        return
      }
      case 'rename': {
        const node = this.#find(operation.from)
        // Two names of one file: rename does nothing.
        if (node === undefined || node === this.#find(operation.to)) return
        this.#name(operation.to, node)
        this.#name(operation.from, undefined)
        return
      }
      case 'link':
        this.#name(operation.to, this.#find(operation.from))
        return
      case 'mkdir':
        this.#name(operation.path, newFolder())
        return
      case 'unlink':
      case 'rmdir':
        this.#name(operation.path, undefined)
        return
    }
  }

  /**
   * What a power cut at this moment may leave, each state once. For few and short changes: their combinations multiply.
   */
  statesAfterPowerCut(ignored: Ignored = nothing): DiskState[] {
    return everyState(this.#top, ignored)
  }

  /** What a power cut at this moment leaves when fate decides. */
  stateAfterPowerCut(fate: Fate, ignored: Ignored = nothing): DiskState {
    return stateBy(fate, this.#top, ignored)
  }

  #openFile(file: number, path: string, create: boolean, truncate: boolean): void {
    let node = path === this.#folder ? this.#top : this.#find(path)
    if (node === undefined && create) {
      node = newFile()
      this.#name(path, node)
    }
    if (node === undefined) return
    if (truncate) resize(node, 0)
    this.#open.set(file, { node, position: 0 })
  }

  #write(file: number, data: Uint8Array, offset: number | undefined, synced: boolean): void {
    const open = this.#open.get(file)
    if (open?.node.kind !== 'file') return
    const at = offset ?? open.position
    const write = { data, offset: at }
    open.node.pending.push(write)
    if (synced) makeDurable(open.node, new Set([write]))
    if (offset === undefined) open.position = at + data.byteLength
  }

  #name(path: string, node: Node | undefined): void {
    const folder = dirname(path) === this.#folder ? this.#top : this.#find(dirname(path))
    if (folder?.kind !== 'folder') return
    const name = basename(path)
    if (node === undefined) folder.current.delete(name)
    else folder.current.set(name, node)
    folder.pending.push({ name, node })
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#top
    for (const name of path.slice(this.#folder.length + 1).split('/')) {
      node = node?.kind === 'folder' ? node.current.get(name) : undefined
    }
    return node
  }
}

function resize(node: Node, byteLength: number): void {
  if (node.kind === 'file') node.pending.push({ data: undefined, offset: 0, byteLength })
}
