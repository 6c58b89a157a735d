import {
  type AttachmentContent,
  type AttachmentDriver,
  type AttachmentDriverOptions,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentListing,
  type AttachmentMeta,
  AttachmentNotFoundError,
} from '@lash/attachments-core'
import {
  decodeStoredMeta,
  encodeStoredMeta,
  parsePhysicalName,
  physicalName,
  readInto,
  wrongLength,
} from '@lash/attachments-core/backend'
import type { LmdbEnvironment } from '../environment/environment.ts'
import { ChunkTable } from './chunk-table.ts'

/** How many blobs one step of a listing reads: other calls run in between. */
const pageLength = 500

export class LmdbAttachmentDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'lmdb'
  readonly persistence = 'durable'
  readonly #environment: LmdbEnvironment
  readonly #chunks: ChunkTable

  constructor(environment: LmdbEnvironment) {
    this.#environment = environment
    this.#chunks = new ChunkTable(environment)
  }

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    // A transaction cannot wait for a spool file.
    const bytes = content.bytes ?? (await wholeOf(content, signal))
    const isThere = await this.#environment.write(() => {
      if (signal?.aborted || this.#isWhole(key, meta)) return true
      this.#remove(key)
      const name = physicalName(key)
      this.#chunks.put(name, bytes)
      const row = { byteLength: meta.byteLength, storedAtEpochMs: Date.now(), meta: encodeStoredMeta(meta) }
      this.#environment.blobs.put(name, row)
      return false
    })
    if (isThere) await this.#environment.sync()
    signal?.throwIfAborted()
  }

  #isWhole(key: AttachmentKey, { byteLength }: AttachmentMeta): boolean {
    try {
      return this.#metaNow(key)?.byteLength === byteLength
    } catch {
      return false
    }
  }

  #metaNow(key: AttachmentKey): AttachmentMeta | undefined {
    const row = this.#environment.blobs.get(physicalName(key))
    return row && decodeStoredMeta(key, row.meta, this.#chunks.byteLengthOf(physicalName(key)))
  }

  #remove(key: AttachmentKey): void {
    this.#environment.blobs.remove(physicalName(key))
    this.#chunks.remove(physicalName(key))
  }

  async read(key: AttachmentKey, options: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    this.#environment.refresh()
    const row = this.#environment.blobs.get(physicalName(key))
    if (row === undefined) return undefined
    const meta = decodeStoredMeta(key, row.meta, row.byteLength)
    const stored = this.#chunks.byteLengthOf(physicalName(key))
    if (stored !== row.byteLength) throw wrongLength(key.id, stored, row.byteLength)
    const { start = 0, end = row.byteLength } = options
    const to = Math.min(end, row.byteLength)
    const first = start < to ? this.#chunks.read(physicalName(key), start, to) : new Uint8Array(0)
    if (first !== undefined && start + first.byteLength >= to) return { meta, body: first }
    return { meta, body: this.#stream(key, start, to) }
  }

  /** Chunks of a content never change, so it does no harm that each is read by itself. */
  #stream(key: AttachmentKey, start: number, end: number): ReadableStream<Uint8Array> {
    let position = start
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      this.#environment.refresh()
      const piece = this.#chunks.read(physicalName(key), position, end)
      if (piece === undefined) throw new AttachmentNotFoundError(key.id)
      // An empty piece ends a chunk that was cut; the portable store sees that bytes are missing.
      if (piece.byteLength === 0) return controller.close()
      controller.enqueue(piece)
      position += piece.byteLength
      if (position === end) controller.close()
    }
    return new ReadableStream({ pull }, { highWaterMark: 0 })
  }

  async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    this.#environment.refresh()
    return this.#metaNow(key)
  }

  async remove(keys: readonly AttachmentKey[]): Promise<void> {
    await this.#environment.write(() => {
      for (const key of keys) this.#remove(key)
    })
  }

  async *list({ prefix, signal }: AttachmentDriverOptions & { prefix: string }): AsyncGenerator<AttachmentListing> {
    const range = { start: prefix, end: `${prefix}g`, exclusiveStart: false, limit: pageLength }
    for (;;) {
      signal?.throwIfAborted()
      this.#environment.refresh()
      const page = [...this.#environment.blobs.getRange(range)]
      for (const { key: name, value } of page) {
        const key = parsePhysicalName(name)
        if (key) yield { ...key, byteLength: value.byteLength, lastModifiedMs: value.storedAtEpochMs }
      }
      if (page.length < pageLength) return
      Object.assign(range, { start: page.at(-1)?.key, exclusiveStart: true })
    }
  }

  close(): Promise<void> {
    return this.#environment.release()
  }
}

async function wholeOf(content: AttachmentContent, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(content.byteLength)
  await readInto(bytes, content, signal)
  return bytes
}
