import { type DiskState, describeState } from './disk-state.ts'
import { type Fate, firstHalf } from './fate.ts'
import { type FileNode, type FolderNode, type Node, named, written } from './nodes.ts'

/**
 * Tells for a path, from the folder on, that nobody reads what is there: what is in such a folder is left out, and such
 * a file.
 */
export type Ignored = (path: string) => boolean

/** More pending changes than this in one folder or file are not tried in every combination. */
const exhaustive = 8

/** Every state that a power cut may leave of a folder, each once. */
export function everyState(folder: FolderNode, ignored: Ignored): DiskState[] {
  return distinct(folderStates(folder, '', ignored))
}

/** The one state that a fate leaves of a folder. */
export function stateBy(fate: Fate, folder: FolderNode, ignored: Ignored, path = ''): DiskState {
  const state = new Map<string, Uint8Array | undefined>()
  if (ignored(path)) return state
  for (const [name, node] of named(folder.durable, fate.names(folder.pending))) {
    const own = `${path}/${name}`
    if (node.kind === 'folder') {
      state.set(own, undefined)
      for (const [below, bytes] of stateBy(fate, node, ignored, own)) state.set(below, bytes)
    } else if (!ignored(own)) {
      state.set(own, written(node.durable, fate.writes(node.pending)))
    }
  }
  return state
}

function* folderStates(folder: FolderNode, path: string, ignored: Ignored): Generator<DiskState> {
  if (ignored(path)) {
    yield new Map()
    return
  }
  for (const surviving of subsets(folder.pending)) {
    yield* entryStates([...named(folder.durable, surviving)], path, ignored)
  }
}

/** Every combination of the states of the entries. */
function* entryStates(
  entries: readonly (readonly [string, Node])[],
  path: string,
  ignored: Ignored,
): Generator<DiskState> {
  const [first, ...rest] = entries
  if (first === undefined) {
    yield new Map()
    return
  }
  const own = `${path}/${first[0]}`
  const states = first[1].kind === 'file' ? fileStates(first[1], own, ignored) : folderStates(first[1], own, ignored)
  const others = distinct(entryStates(rest, path, ignored))
  for (const state of distinct(states)) {
    for (const other of others) {
      yield new Map([...(first[1].kind === 'folder' ? [[own, undefined] as const] : []), ...state, ...other])
    }
  }
}

function* fileStates(file: FileNode, path: string, ignored: Ignored): Generator<DiskState> {
  if (ignored(path)) {
    yield new Map()
    return
  }
  for (const surviving of subsets(file.pending)) {
    yield new Map([[path, written(file.durable, surviving)]])
    const last = surviving.at(-1)
    if (last?.data === undefined) continue
    const before = surviving.slice(0, -1)
    for (const data of [firstHalf(last.data), new Uint8Array(last.data.byteLength)]) {
      yield new Map([[path, written(file.durable, [...before, { ...last, data }])]])
    }
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
