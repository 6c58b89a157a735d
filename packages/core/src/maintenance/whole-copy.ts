import { AttachmentMetadataDecodeError, AttachmentMissingMetaError } from '../errors.ts'
import { wrongDigest } from '../reading/integrity.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentListing, AttachmentSignalOptions, AttachmentStore } from '../store/store.ts'

/** Up to here a blob is read in one piece, which costs less than a stream. */
export const wholeBytes: number = 1024 * 1024

/**
 * Whether the store has a copy that is whole by what its `stat` says: with metadata that can be read, and of this
 * length if one is known. Its bytes are not read.
 */
export async function hasCopy(
  store: AttachmentStore,
  { id, generation }: AttachmentKey,
  byteLength: number | undefined,
  { signal }: AttachmentSignalOptions,
): Promise<boolean> {
  try {
    const found = await store.stat(id, { generation, signal })
    return found !== undefined && (byteLength === undefined || found.byteLength === byteLength)
  } catch (error) {
    if (AttachmentMissingMetaError.isInstance(error) || AttachmentMetadataDecodeError.isInstance(error)) return false
    throw error
  }
}

export interface WholeCopyOptions extends AttachmentSignalOptions {
  /** The generation to put at. */
  generation: number
  /** Read and compare, and put nothing. */
  dryRun?: boolean
}

/**
 * Reads a copy and puts it. Puts nothing unless all of the bytes were read and their SHA-256 is the id, whether or not
 * the source has looked.
 * @throws AttachmentCorruptError when the source is damaged, and whatever `get`, `stream` or `put` throws.
 */
export async function putWhole(
  from: AttachmentStore,
  copy: AttachmentListing,
  to: AttachmentStore,
  { generation, dryRun, signal }: WholeCopyOptions,
): Promise<void> {
  const { id } = copy
  const { meta, body } = await read(from, copy, signal)
  const content = await to.prepare(body, { signal })
  try {
    if (content.id !== id) throw wrongDigest(id)
    if (!dryRun) await to.put(content, meta, { generation, signal })
  } finally {
    await content[Symbol.asyncDispose]()
  }
}

async function read(store: AttachmentStore, { id, generation, byteLength }: AttachmentListing, signal?: AbortSignal) {
  if (byteLength > wholeBytes) return store.stream(id, { generation, signal })
  // The digest is compared by whoever puts.
  const { meta, bytes } = await store.get(id, { generation, signal, verify: false })
  return { meta, body: bytes }
}
