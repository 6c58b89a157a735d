import { read, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import {
  AttachmentCorruptError,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
} from '@lash/attachments-core'
import { fileStream, physicalName, wrongLength } from '@lash/attachments-core/backend'
import { type Disk, readOnly, synchronousReadBytes } from '../disk/disk.ts'
import { hasCode, ioError } from '../disk/io-error.ts'
import type { Layout } from '../disk/layout.ts'
import { type Steps, settled } from '../disk/pace.ts'
import { lookAt } from '../disk/stat.ts'
import { readOnThread } from '../thread/read-threads.ts'
import { decodeSidecar, readSidecarFile } from './sidecar.ts'
import { readSmallBlob } from './small-read.ts'

/** Up to this many bytes, a blob is read in one piece; above, as a stream. */
const wholeReadBytes = 2 * 1024 * 1024
/** How often to look at a blob that is just being removed, or removed and put again. */
const looks = 5

/**
 * How many blobs are being read that are not small. One alone is read here. Of many, other threads read and hash as
 * many as they can: to hash takes longer than all else, and libuv's pool hashes only copies.
 */
let underWay = 0

/** Reads a blob, or a range of it; undefined when there is none. */
export async function readBlob(
  disk: Disk,
  layout: Layout,
  key: AttachmentKey,
  options: AttachmentDriverReadOptions,
): Promise<AttachmentDriverRead | undefined> {
  const { signal } = options
  signal?.throwIfAborted()
  const name = physicalName(key)
  const path = layout.bytesPath(name)
  const small = options.end === undefined ? disk.ifFast(() => readSmallBlob(layout, name, key)) : undefined
  if (small !== undefined) return small
  for (let look = 1; look <= looks; look++) {
    const opened = await disk.run(openBlob(disk, layout, name, key, options, look), signal)
    if (opened === 'gone') return undefined
    if (opened === 'look again') continue
    if ('body' in opened) return opened
    const { meta, descriptor, start, end } = opened
    let body: AttachmentDriverRead['body'] | undefined
    underWay++
    try {
      signal?.throwIfAborted()
      const length = end - start
      // A disk that is slow serves more reads at once from the pool.
      const mayHash = underWay > 1 && length === meta.byteLength && options.verify !== false && !disk.isSlow
      if (mayHash && length <= wholeReadBytes) {
        const hashed = await readOnThread({ path, length })
        signal?.throwIfAborted()
        if (hashed?.digest === key.id) return { meta, body: hashed.bytes, verified: hashed.bytes }
      }
      if (length <= wholeReadBytes) body = await readWhole(descriptor, start, length, path, key, signal)
    } finally {
      underWay--
      await disk.close(descriptor, path)
    }
    body ??= await openStream(path, start, end, meta, signal)
    if (body !== undefined) return { meta, body }
  }
  throw missingSidecar(layout, name, key)
}

/** A blob that is there, open: to be read and closed by the caller. */
interface OpenBlob {
  readonly meta: AttachmentMeta
  readonly descriptor: number
  readonly start: number
  readonly end: number
}

/**
 * Opens a blob, or reads what is asked for if that is small: a reader that waited for another turn with an open file
 * would be one of thousands.
 */
function* openBlob(
  disk: Disk,
  layout: Layout,
  name: string,
  key: AttachmentKey,
  range: AttachmentDriverReadOptions,
  look: number,
): Steps<OpenBlob | { meta: AttachmentMeta; body: Uint8Array } | 'gone' | 'look again'> {
  const path = layout.bytesPath(name)
  let descriptor: number
  try {
    const opening = disk.open(path, readOnly)
    descriptor = opening instanceof Promise ? yield opening : opening
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return 'gone'
    throw ioError('read', path, cause, key.id)
  }
  let open = false
  try {
    const meta = yield* readSidecar(disk, layout, name, key, look)
    if (meta === undefined) return 'look again'
    const size = yield* sizeOf(disk, descriptor, path, key)
    if (size !== meta.byteLength) throw wrongLength(key.id, size, meta.byteLength)
    const start = Math.min(range.start ?? 0, size)
    const end = Math.min(range.end ?? size, size)
    if (end - start <= synchronousReadBytes) {
      return { meta, body: yield* readSmall(disk, descriptor, start, end - start, path, key) }
    }
    open = true
    return { meta, descriptor, start, end }
  } finally {
    const closing = open ? undefined : disk.close(descriptor, path)
    if (closing instanceof Promise) yield closing
  }
}

/** The metadata of a blob, with the length that its bytes really have; undefined when there is no blob. */
export function* statBlob(disk: Disk, layout: Layout, key: AttachmentKey): Steps<AttachmentMeta | undefined> {
  const name = physicalName(key)
  for (let look = 1; look <= looks; look++) {
    const path = layout.bytesPath(name)
    const bytes = yield* lookAt(disk, path, key.id)
    if (bytes === undefined) return undefined
    if (!bytes.isFile()) throw notAFile(path, key)
    const meta = yield* readSidecar(disk, layout, name, key, look)
    if (meta !== undefined) return { ...meta, byteLength: bytes.size }
  }
  throw missingSidecar(layout, name, key)
}

/**
 * The metadata of bytes that were there a moment ago. Undefined when the caller should look at the bytes again: a
 * removal takes the sidecar after the bytes, and a put that follows may just be writing another.
 */
function* readSidecar(
  disk: Disk,
  layout: Layout,
  name: string,
  key: AttachmentKey,
  look: number,
): Steps<AttachmentMeta | undefined> {
  const path = layout.sidecarPath(name)
  try {
    const sidecar = yield* readSidecarFile(disk, path, key.id)
    return sidecar === undefined ? undefined : decodeSidecar(key.id, path, sidecar)
  } catch (error) {
    if (look < looks && AttachmentMetadataDecodeError.isInstance(error)) return undefined
    throw error
  }
}

function* sizeOf(disk: Disk, descriptor: number, path: string, key: AttachmentKey): Steps<number> {
  let stats: Stats
  try {
    const looking = disk.fstat(descriptor)
    stats = looking instanceof Promise ? yield looking : looking
  } catch (cause) {
    throw ioError('look at', path, cause, key.id)
  }
  if (!stats.isFile()) throw notAFile(path, key)
  return stats.size
}

function notAFile(path: string, key: AttachmentKey): Error {
  return ioError('read', path, Object.assign(new Error('not a file'), { code: 'EISDIR' }), key.id)
}

/** Shorter than it should be where the file is. */
function* readSmall(
  disk: Disk,
  descriptor: number,
  start: number,
  length: number,
  path: string,
  key: AttachmentKey,
): Steps<Uint8Array> {
  const bytes = new Uint8Array(length)
  try {
    for (let offset = 0; ; ) {
      const piece = yield* settled(disk.read(descriptor, length - offset, start + offset))
      bytes.set(piece, offset)
      offset += piece.byteLength
      if (piece.byteLength === 0 || offset === length) return bytes.subarray(0, offset)
    }
  } catch (cause) {
    throw ioError('read', path, cause, key.id)
  }
}

/** As {@link readSmall}, and more than one step reads. */
async function readWhole(
  descriptor: number,
  start: number,
  length: number,
  path: string,
  key: AttachmentKey,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  try {
    // Memory that is not cleared first: that took a sixth of the time of many big reads at once.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    let offset = 0
    while (offset < length) {
      const count = await readSome(descriptor, bytes, offset, length - offset, start + offset)
      signal?.throwIfAborted()
      // What was not read is not handed out with the rest of its buffer.
      if (count === 0) return bytes.slice(0, offset)
      offset += count
    }
    return bytes
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw ioError('read', path, cause, key.id)
  }
}

function readSome(
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, bytes, offset, length, position, (error, count) => (error ? reject(error) : resolve(count)))
  })
}

/** A stream of the range, which keeps the file open until it ends; undefined when the blob is gone. */
async function openStream(
  path: string,
  start: number,
  end: number,
  meta: AttachmentMeta,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array> | undefined> {
  try {
    const handle = await open(path, 'r')
    const { size } = await handle.stat()
    if (size === meta.byteLength) return fileStream(handle, start, end, () => handle.close(), signal)
    await handle.close()
    throw wrongLength(meta.id, size, meta.byteLength)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined
    if (AttachmentCorruptError.isInstance(cause)) throw cause
    throw ioError('read', path, cause, meta.id)
  }
}

function missingSidecar(layout: Layout, name: string, key: AttachmentKey): AttachmentMissingMetaError {
  return new AttachmentMissingMetaError(
    key.id,
    `the metadata of ${key.id} is missing: there is no ${layout.sidecarPath(name)}; ` +
      'put the original again, or restore that file',
  )
}
