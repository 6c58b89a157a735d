import { isAbsolute, join } from 'node:path'
import type { Operation } from './operations.ts'

/** The system calls that change files or sync them. */
export const tracedCalls: readonly string[] = [
  ...['openat', 'open', 'creat', 'close', 'write', 'pwrite64', 'writev', 'pwritev', 'lseek', 'ftruncate'],
  ...['fsync', 'fdatasync', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat'],
  ...['mkdir', 'mkdirat', 'rmdir'],
]

/**
 * Understands what `strace -f -xx` wrote. What lies outside of the folder is left out, and lines that the process
 * printed are marks. Of a call that was still running when another began, a sync counts from its beginning to its end,
 * a close from its beginning, since its descriptor may be another's before it ends, and anything else from its end.
 */
export function parseStrace(log: string, folder: string): Operation[] {
  const parser = new StraceParser(folder)
  for (const line of log.split('\n')) parser.line(line)
  return parser.operations
}

class StraceParser {
  readonly operations: Operation[] = []
  readonly #folder: string
  /** Open files, by descriptor: all threads of a process share them. */
  readonly #open = new Map<number, { file: number; path: string; syncs: boolean }>()
  /** Beginnings of calls that have not ended, by thread. */
  readonly #unfinished = new Map<string, string>()
  readonly #syncs = new Map<string, number>()
  #count = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  line(line: string): void {
    const match = /^(\d+) +(.*)$/.exec(line)
    if (match === null) return
    const thread = match[1] as string
    let text = match[2] as string
    if (text.endsWith('<unfinished ...>')) {
      const begun = text.slice(0, -'<unfinished ...>'.length).trimEnd()
      this.#unfinished.set(thread, begun)
      this.#begin(thread, begun)
      return
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)
    if (resumed !== null) {
      text = (this.#unfinished.get(thread) ?? '') + (resumed[1] as string)
      this.#unfinished.delete(thread)
    } else {
      this.#begin(thread, text)
    }
    const call = /^(\w+)\((.*)\) += (-?\d+)/.exec(text)
    if (call === null) return
    this.#end(thread, call[1] as string, call[2] as string, Number(call[3]))
  }

  #begin(thread: string, text: string): void {
    const closed = /^close\((\d+)/.exec(text)
    if (closed !== null) this.#closed(Number(closed[1]))
    const sync = /^(?:fsync|fdatasync)\((\d+)/.exec(text)
    const file = sync === null ? undefined : this.#open.get(Number(sync[1]))?.file
    if (file === undefined) return
    this.#count++
    this.#syncs.set(thread, this.#count)
    this.operations.push({ kind: 'sync-begin', sync: this.#count, file })
  }

  #end(thread: string, call: string, args: string, result: number): void {
    if (call === 'fsync' || call === 'fdatasync') {
      const sync = this.#syncs.get(thread)
      this.#syncs.delete(thread)
      if (sync !== undefined && result === 0) this.operations.push({ kind: 'sync-end', sync })
      return
    }
    if (result < 0) return
    const texts = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(found => unescaped(found[1] as string))
    const descriptor = Number(/^\d+/.exec(args)?.[0] ?? -1)
    switch (call) {
      case 'open':
      case 'creat':
      case 'openat':
        this.#opened(result, this.#path(args, texts, 0), args)
        return
      case 'write':
      case 'writev':
        this.#written(descriptor, Buffer.concat(texts).subarray(0, result), undefined)
        return
      case 'pwrite64':
      case 'pwritev':
        this.#written(descriptor, Buffer.concat(texts).subarray(0, result), Number(/(\d+)$/.exec(args)?.[1]))
        return
      case 'lseek': {
        const file = this.#open.get(descriptor)?.file
        if (file !== undefined) this.operations.push({ kind: 'seek', file, position: result })
        return
      }
      case 'ftruncate': {
        const file = this.#open.get(descriptor)?.file
        if (file !== undefined)
          this.operations.push({ kind: 'resize', file, byteLength: Number(/(\d+)$/.exec(args)?.[1]) })
        return
      }
      case 'rename':
      case 'renameat':
      case 'renameat2':
      case 'link':
      case 'linkat': {
        const [from, to] = [this.#path(args, texts, 0), this.#path(args, texts, 1)]
        if (this.#inside(from) || this.#inside(to)) {
          this.operations.push({ kind: call.startsWith('rename') ? 'rename' : 'link', from, to })
        }
        return
      }
      case 'mkdir':
      case 'mkdirat':
        this.#named('mkdir', this.#path(args, texts, 0))
        return
      case 'rmdir':
        this.#named('rmdir', this.#path(args, texts, 0))
        return
      case 'unlink':
      case 'unlinkat':
        this.#named(args.includes('AT_REMOVEDIR') ? 'rmdir' : 'unlink', this.#path(args, texts, 0))
        return
    }
  }

  #opened(descriptor: number, path: string, args: string): void {
    if (!this.#inside(path)) return
    this.#count++
    this.#open.set(descriptor, { file: this.#count, path, syncs: /\bO_D?SYNC\b/.test(args) })
    const [create, truncate] = [args.includes('O_CREAT'), args.includes('O_TRUNC')]
    this.operations.push({ kind: 'open', file: this.#count, path, create, truncate })
  }

  #closed(descriptor: number): void {
    const open = this.#open.get(descriptor)
    this.#open.delete(descriptor)
    if (open !== undefined) this.operations.push({ kind: 'close', file: open.file })
  }

  #written(descriptor: number, data: Uint8Array, offset: number | undefined): void {
    if (descriptor === 1) this.operations.push({ kind: 'mark', text: Buffer.from(data).toString().trim() })
    const open = this.#open.get(descriptor)
    if (open === undefined) return
    const { file, syncs } = open
    this.operations.push({
      kind: 'write',
      file,
      data,
      ...(offset !== undefined && { offset }),
      ...(syncs && { synced: true }),
    })
  }

  #named(kind: 'mkdir' | 'rmdir' | 'unlink', path: string): void {
    if (this.#inside(path)) this.operations.push({ kind, path })
  }

  /** The path that is the argument's text number `index`; relative ones hang below the descriptor before them. */
  #path(args: string, texts: readonly Buffer[], index: number): string {
    const path = texts[index]?.toString() ?? ''
    if (isAbsolute(path)) return path
    const descriptors = [...args.matchAll(/(?:^|, )(\d+), "/g)]
    const parent = this.#open.get(Number(descriptors[index]?.[1]))
    return parent === undefined ? path : join(parent.path, path)
  }

  #inside(path: string): boolean {
    return path === this.#folder || path.startsWith(`${this.#folder}/`)
  }
}

function unescaped(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex')
}
