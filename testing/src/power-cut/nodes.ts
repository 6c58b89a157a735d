/** A change of a file that has not been synced. */
export interface Write {
  /** Undefined: the file was given a length. */
  readonly data: Uint8Array | undefined
  readonly offset: number
  /** Of a resize. */
  readonly byteLength?: number
}

export interface FileNode {
  readonly kind: 'file'
  /** As it is for certain after a power cut, if it has a name. */
  durable: Uint8Array
  pending: Write[]
}

/** A change of a folder that has not been synced. */
export interface NameChange {
  readonly name: string
  /** Undefined: the name is gone. */
  readonly node: Node | undefined
}

export interface FolderNode {
  readonly kind: 'folder'
  /** As processes see it. */
  readonly current: Map<string, Node>
  readonly durable: Map<string, Node>
  pending: NameChange[]
}

export type Node = FileNode | FolderNode

export function newFile(): FileNode {
  return { kind: 'file', durable: new Uint8Array(), pending: [] }
}

export function newFolder(): FolderNode {
  return { kind: 'folder', current: new Map(), durable: new Map(), pending: [] }
}

/** A sync of these changes has ended. */
export function makeDurable(node: Node, covered: ReadonlySet<Write | NameChange>): void {
  if (node.kind === 'file') {
    node.durable = written(
      node.durable,
      node.pending.filter(change => covered.has(change)),
    )
    node.pending = node.pending.filter(change => !covered.has(change))
    return
  }
  for (const change of node.pending) if (covered.has(change)) applyName(node.durable, change)
  node.pending = node.pending.filter(change => !covered.has(change))
}

/** The names after some changes of them. */
export function named(before: ReadonlyMap<string, Node>, changes: readonly NameChange[]): Map<string, Node> {
  const names = new Map(before)
  for (const change of changes) applyName(names, change)
  return names
}

function applyName(names: Map<string, Node>, { name, node }: NameChange): void {
  if (node === undefined) names.delete(name)
  else names.set(name, node)
}

/** The bytes after some writes to them. What nobody wrote is zeros. */
export function written(before: Uint8Array, writes: readonly Write[]): Uint8Array {
  if (writes.length === 0) return before
  const most = Math.max(before.byteLength, ...writes.map(write => write.byteLength ?? endOf(write)))
  const bytes = new Uint8Array(most)
  bytes.set(before)
  let length = before.byteLength
  for (const write of writes) {
    if (write.data !== undefined) {
      bytes.set(write.data, write.offset)
      length = Math.max(length, endOf(write))
    } else {
      const resized = write.byteLength ?? length
      if (resized < length) bytes.fill(0, resized, length)
      length = resized
    }
  }
  return bytes.subarray(0, length)
}

function endOf({ data, offset }: Write): number {
  return data === undefined ? 0 : offset + data.byteLength
}
