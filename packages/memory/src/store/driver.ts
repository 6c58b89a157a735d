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

/** Blobs by id and generation. Nearly every id has one copy, so the copies of an id are a short array. */
export class MemoryDriver implements AttachmentDriver {
  readonly specificationVersion = 1
  readonly name = 'memory'
  readonly persistence = 'ephemeral'
  /** Bodies end up in memory anyway, so none is spooled to a file. */
  readonly spool: AttachmentSpoolOptions = { memoryLimit: Number.MAX_SAFE_INTEGER }
  readonly #copies = new Map<AttachmentId, Blob[]>()

  async write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    { signal }: AttachmentDriverOptions,
  ): Promise<void> {
    if (this.#find(key) !== undefined) return
    const bytes = content.bytes ?? (await collect(content, signal))
    // While the content was read, another put of the same bytes may have come first.
    if (content.bytes === undefined && this.#find(key) !== undefined) return
    const blob = { generation: key.generation, meta, bytes, lastModifiedMs: Date.now() }
    const copies = this.#copies.get(key.id)
    if (copies === undefined) this.#copies.set(key.id, [blob])
    else copies.push(blob)
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
