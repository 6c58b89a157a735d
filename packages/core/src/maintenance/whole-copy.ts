import { PreparedContent } from '../content/content.ts'
import { digest } from '../content/digest.ts'
import { AttachmentMetadataDecodeError, AttachmentMissingMetaError } from '../errors.ts'
import { free } from '../reading/free.ts'
import { wrongDigest } from '../reading/integrity.ts'
import type { AttachmentKey } from '../store/driver.ts'
import { returnsBytes } from '../store/driver-of.ts'
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
export function putWhole(
  from: AttachmentStore,
  copy: AttachmentListing,
  to: AttachmentStore,
  options: WholeCopyOptions,
): Promise<void> {
  return copy.byteLength > wholeBytes ? putStreamed(from, copy, to, options) : putAtOnce(from, copy, to, options)
}

async function putAtOnce(
  from: AttachmentStore,
  { id, generation: at }: AttachmentListing,
  to: AttachmentStore,
  { generation, dryRun, signal }: WholeCopyOptions,
): Promise<void> {
  const { meta, bytes } = await from.get(id, { generation: at, signal, verify: false })
  if ((await digest(bytes)) !== id) throw wrongDigest(id)
  // Nobody else has them, so the target need not copy them.
  const content = new PreparedContent(id, bytes, bytes.byteLength)
  if (!dryRun) await to.put(content, meta, { generation, signal })
  if (dryRun || returnsBytes(to)) free(bytes)
}

async function putStreamed(
  from: AttachmentStore,
  { id, generation: at }: AttachmentListing,
  to: AttachmentStore,
  { generation, dryRun, signal }: WholeCopyOptions,
): Promise<void> {
  const { meta, body } = await from.stream(id, { generation: at, signal })
  const content = await to.prepare(freedOnceRead(body), { signal })
  try {
    if (content.id !== id) throw wrongDigest(id)
    if (!dryRun) await to.put(content, meta, { generation, signal })
  } finally {
    await content[Symbol.asyncDispose]()
  }
}

/** A store has copied a chunk before it asks for the next. */
async function* freedOnceRead(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of body) {
    yield chunk
    free(chunk)
  }
}
