import type {
  AttachmentContent,
  AttachmentDriver,
  AttachmentDriverOptions,
  AttachmentDriverRead,
  AttachmentDriverReadOptions,
  AttachmentId,
  AttachmentKey,
  AttachmentListing,
  AttachmentMeta,
  AttachmentSpoolOptions,
} from '@lash/attachments-core'
import { readInto } from '@lash/attachments-core/backend'

/** One physical copy. */
interface Blob {
  readonly generation: number
  readonly meta: AttachmentMeta
  readonly bytes: Uint8Array
  readonly lastModifiedMs: number
}

const done = Promise.resolve()

/** Blobs by id and generation. Nearly every id has one copy, so the copies of an id are a short array. */
export class MemoryDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'memory'
  readonly persistence = 'ephemeral'
  /** Bodies end up in memory anyway, so none is spooled to a file. */
  readonly spool: AttachmentSpoolOptions = { memoryLimit: Number.MAX_SAFE_INTEGER }
  readonly #copies = new Map<AttachmentId, Blob[]>()

  /** Not `async`: in a small put, a promise more can be measured. */
  write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    const { bytes } = content
    if (bytes === undefined) return collect(content, signal).then(read => this.#add(key, meta, read))
    this.#add(key, meta, bytes)
    return done
  }

  /** Unless they are there. */
  #add({ id, generation }: AttachmentKey, meta: AttachmentMeta, bytes: Uint8Array): void {
    const blob = { generation, meta, bytes, lastModifiedMs: Date.now() }
    const copies = this.#copies.get(id)
    if (copies === undefined) this.#copies.set(id, [blob])
    else if (!copies.some(copy => copy.generation === generation)) copies.push(blob)
  }

  async read(key: AttachmentKey, range: AttachmentDriverReadOptions): Promise<AttachmentDriverRead | undefined> {
    const blob = this.#find(key)
    if (blob === undefined) return undefined
    const { start, end } = range
    // Not `slice`, which gives a view of the stored bytes if they are a Buffer.
    const part = start === undefined && end === undefined ? blob.bytes : blob.bytes.subarray(start, end)
    const body = new Uint8Array(part)
    return { meta: { ...blob.meta }, body, verified: body }
  }

  async stat(key: AttachmentKey): Promise<AttachmentMeta | undefined> {
    const blob = this.#find(key)
    return blob === undefined ? undefined : { ...blob.meta }
  }

  async remove(keys: readonly AttachmentKey[]): Promise<void> {
    for (const { id, generation } of keys) {
      const copies = this.#copies.get(id)
      const index = copies?.findIndex(blob => blob.generation === generation) ?? -1
      if (copies === undefined || index === -1) continue
      if (copies.length === 1) this.#copies.delete(id)
      else copies.splice(index, 1)
    }
  }

  async *list({ prefix }: { readonly prefix: string }): AsyncGenerator<AttachmentListing, void, void> {
    // A copy of the ids, so that puts during the listing cannot make it endless.
    const ids = prefix.length === 64 ? [prefix] : [...this.#copies.keys()]
    for (const id of ids) {
      if (!id.startsWith(prefix)) continue
      for (const { generation, bytes, lastModifiedMs } of [...(this.#copies.get(id) ?? [])]) {
        yield { id, generation, byteLength: bytes.byteLength, lastModifiedMs }
      }
    }
  }

  async close(): Promise<void> {
    this.#copies.clear()
  }

  #find({ id, generation }: AttachmentKey): Blob | undefined {
    return this.#copies.get(id)?.find(blob => blob.generation === generation)
  }
}

/** The bytes of content that is held elsewhere, in a spool file. */
async function collect(content: AttachmentContent, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(content.byteLength)
  await readInto(bytes, content, signal)
  return bytes
}
