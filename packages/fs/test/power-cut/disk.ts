import { hash } from 'node:crypto'
import { basename, dirname } from 'node:path'
import type { Operation } from './operations.ts'

interface Write {
  readonly data: Uint8Array | undefined
  readonly offset: number
  /** Of a resize. */
  readonly byteLength?: number
}

interface FileNode {
  readonly kind: 'file'
  /** As it is for certain after a power cut, if it has a name. */
  durable: Uint8Array
  pending: Write[]
  byteLength: number
}

interface NameChange {
  readonly name: string
  /** Undefined: the name is gone. */
  readonly node: Node | undefined
}

interface FolderNode {
  readonly kind: 'folder'
  readonly current: Map<string, Node>
  readonly durable: Map<string, Node>
  pending: NameChange[]
}

type Node = FileNode | FolderNode

/** What is on the disk: paths below the folder, with bytes, or undefined for a folder. */
export type DiskState = ReadonlyMap<string, Uint8Array | undefined>

/** More pending changes than this in one folder or file are not tried in every combination. */
const exhaustive = 8

/**
 * A disk that forgets, in the strictest model that POSIX allows: what was not synced survives a power cut or not, each change of a name and
 * each write independently of every other; a write may survive by half or as zeros; nothing is ordered but by fsync.
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
        this.#write(operation.file, operation.data, operation.offset)
        return
      case 'resize': {
        const node = this.#open.get(operation.file)?.node
        if (node?.kind === 'file') resize(node, operation.byteLength)
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
   * What a power cut at this moment may leave, each state once. Folders for which `ignored` is true (paths from the folder on) are left out:
   * those that nobody reads.
   */
  statesAfterPowerCut(ignored: (path: string) => boolean = () => false): DiskState[] {
    return distinct(folderStates(this.#top, '', ignored))
  }

  #openFile(file: number, path: string, create: boolean, truncate: boolean): void {
    let node = path === this.#folder ? this.#top : this.#find(path)
    if (node === undefined && create) {
      node = { kind: 'file', durable: new Uint8Array(), pending: [], byteLength: 0 }
      this.#name(path, node)
    }
    if (node === undefined) return
    if (truncate && node.kind === 'file') resize(node, 0)
    this.#open.set(file, { node, position: 0 })
  }

  #write(file: number, data: Uint8Array, offset: number | undefined): void {
    const open = this.#open.get(file)
    if (open?.node.kind !== 'file') return
    const at = offset ?? open.position
    open.node.pending.push({ data, offset: at })
    open.node.byteLength = Math.max(open.node.byteLength, at + data.byteLength)
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

function newFolder(): FolderNode {
  return { kind: 'folder', current: new Map(), durable: new Map(), pending: [] }
}

function resize(node: FileNode, byteLength: number): void {
  node.pending.push({ data: undefined, offset: 0, byteLength })
  node.byteLength = byteLength
}

function makeDurable(node: Node, covered: ReadonlySet<Write | NameChange>): void {
  if (node.kind === 'file') {
    node.durable = written(
      node.durable,
      node.pending.filter(change => covered.has(change)),
    )
    node.pending = node.pending.filter(change => !covered.has(change))
    return
  }
  applyNames(
    node.durable,
    node.pending.filter(change => covered.has(change)),
  )
  node.pending = node.pending.filter(change => !covered.has(change))
}

function applyNames(names: Map<string, Node>, changes: readonly NameChange[]): void {
  for (const { name, node } of changes) {
    if (node === undefined) names.delete(name)
    else names.set(name, node)
  }
}

function written(before: Uint8Array, writes: readonly Write[]): Uint8Array {
  let bytes = before
  for (const { data, offset, byteLength } of writes) {
    const end = byteLength ?? Math.max(bytes.byteLength, offset + (data?.byteLength ?? 0))
    const next = new Uint8Array(end)
    next.set(bytes.subarray(0, end))
    if (data !== undefined) next.set(data, offset)
    bytes = next
  }
  return bytes
}

function* folderStates(folder: FolderNode, path: string, ignored: (path: string) => boolean): Generator<DiskState> {
  if (ignored(path)) {
    yield new Map()
    return
  }
  for (const surviving of subsets(folder.pending)) {
    const names = new Map(folder.durable)
    applyNames(names, surviving)
    yield* entryStates([...names], path, ignored)
  }
}

/** Every combination of the states of the entries. */
function* entryStates(
  entries: readonly (readonly [string, Node])[],
  path: string,
  ignored: (path: string) => boolean,
): Generator<DiskState> {
  const [first, ...rest] = entries
  if (first === undefined) {
    yield new Map()
    return
  }
  const own = `${path}/${first[0]}`
  const states = first[1].kind === 'file' ? fileStates(first[1], own) : folderStates(first[1], own, ignored)
  const others = distinct(entryStates(rest, path, ignored))
  for (const state of distinct(states)) {
    for (const other of others) {
      yield new Map([...(first[1].kind === 'folder' ? [[own, undefined] as const] : []), ...state, ...other])
    }
  }
}

function* fileStates(file: FileNode, path: string): Generator<DiskState> {
  for (const surviving of subsets(file.pending)) {
    yield new Map([[path, written(file.durable, surviving)]])
    const last = surviving.at(-1)
    if (last?.data === undefined) continue
    const before = surviving.slice(0, -1)
    const half = last.data.map((byte, index) => (index < last.data!.byteLength / 2 ? byte : 0))
    yield new Map([[path, written(file.durable, [...before, { ...last, data: half }])]])
    yield new Map([[path, written(file.durable, [...before, { ...last, data: new Uint8Array(half.byteLength) }])]])
  }
}

/** Every subset, in order; of many changes, those with one missing, and every beginning. */
function subsets<T>(changes: readonly T[]): T[][] {
  if (changes.length > exhaustive) {
    const beginnings = changes.map((_change, index) => changes.slice(0, index))
    const oneMissing = changes.map((_change, index) => changes.toSpliced(index, 1))
    return [[...changes], ...beginnings, ...oneMissing]
  }
  return Array.from({ length: 2 ** changes.length }, (_none, bits) =>
    changes.filter((_change, index) => (bits >> index) % 2 === 1),
  )
}

function distinct(states: Iterable<DiskState>): DiskState[] {
  const seen = new Map<string, DiskState>()
  for (const state of states) seen.set(describeState(state), state)
  return [...seen.values()]
}

/** The same text for the same state. */
export function describeState(state: DiskState): string {
  const lines = [...state].map(([path, bytes]) => `${path} ${bytes === undefined ? '/' : hash('sha256', bytes)}`)
  return lines.sort().join('\n')
}
