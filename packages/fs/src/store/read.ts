import { constants, fstatSync, openSync, read, readSync, type Stats } from 'node:fs'
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
import { closeFile } from '../disk/close-file.ts'
import { hasCode, ioError } from '../disk/io-error.ts'
import type { Layout } from '../disk/layout.ts'
import { statOf } from '../disk/stat.ts'
import { decodeSidecar, readSidecarFile } from './sidecar.ts'

/** Up to this many bytes, a read on the calling thread takes less time than a hop to the thread pool and back. */
const synchronousReadBytes = 128 * 1024
/** Up to this many bytes, a blob is read in one piece; above, as a stream. */
const wholeReadBytes = 2 * 1024 * 1024
/** How often to look at a blob that is just being removed, or removed and put again. */
const looks = 5

/** Reads a blob, or a range of it; undefined when there is none. */
export async function readBlob(
  layout: Layout,
  key: AttachmentKey,
  options: AttachmentDriverReadOptions,
): Promise<AttachmentDriverRead | undefined> {
  const { signal } = options
  signal?.throwIfAborted()
  const name = physicalName(key)
  const path = layout.bytesPath(name)
  for (let look = 1; look <= looks; look++) {
    const descriptor = openBytes(path, key)
    if (descriptor === undefined) return undefined
    let streamed = false
    try {
      const meta = readSidecar(layout, name, key, look)
      if (meta === undefined) continue
      if (options.end === undefined && meta.byteLength <= synchronousReadBytes) {
        const bytes = readSmall(descriptor, meta.byteLength, path, key)
        if (bytes !== undefined) return { meta, body: bytes }
      }
      const { size } = fileStats(descriptor, path, key)
      if (size !== meta.byteLength) throw wrongLength(key.id, size, meta.byteLength)
      const start = Math.min(options.start ?? 0, size)
      const end = Math.min(options.end ?? size, size)
      if (end - start <= wholeReadBytes) {
        return { meta, body: await readWhole(descriptor, start, end - start, path, key, signal) }
      }
      streamed = true
      closeFile(descriptor, path)
      const body = await openStream(path, start, end, meta, signal)
      if (body === undefined) continue
      return { meta, body }
    } finally {
      if (!streamed) closeFile(descriptor, path)
    }
  }
  throw missingSidecar(layout, name, key)
}

/** The metadata of a blob, with the length that its bytes really have; undefined when there is no blob. */
export function statBlob(layout: Layout, key: AttachmentKey): AttachmentMeta | undefined {
  const name = physicalName(key)
  for (let look = 1; look <= looks; look++) {
    const path = layout.bytesPath(name)
    const bytes = statOf(path, key.id)
    if (bytes === undefined) return undefined
    if (!bytes.isFile()) throw notAFile(path, key)
    const meta = readSidecar(layout, name, key, look)
    if (meta !== undefined) return { ...meta, byteLength: bytes.size }
  }
  throw missingSidecar(layout, name, key)
}

/**
 * The metadata of bytes that were there a moment ago. Undefined when the caller should look at the bytes again: a
 * removal takes the sidecar after the bytes, and a put that follows may just be writing another.
 */
function readSidecar(layout: Layout, name: string, key: AttachmentKey, look: number): AttachmentMeta | undefined {
  const path = layout.sidecarPath(name)
  try {
    const sidecar = readSidecarFile(path, key.id)
    return sidecar === undefined ? undefined : decodeSidecar(key.id, path, sidecar)
  } catch (error) {
    if (look < looks && AttachmentMetadataDecodeError.isInstance(error)) return undefined
    throw error
  }
}

function openBytes(path: string, key: AttachmentKey): number | undefined {
  try {
    // Non-blocking: a named pipe in the place of a blob would stop the whole process.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined
    throw ioError('read', path, cause, key.id)
  }
}

function fileStats(descriptor: number, path: string, key: AttachmentKey): Stats {
  let stats: Stats
  try {
    stats = fstatSync(descriptor)
  } catch (cause) {
    throw ioError('look at', path, cause, key.id)
  }
  if (!stats.isFile()) throw notAFile(path, key)
  return stats
}

function notAFile(path: string, key: AttachmentKey): Error {
  return ioError('read', path, Object.assign(new Error('not a file'), { code: 'EISDIR' }), key.id)
}

/**
 * Shared by all small reads: each is synchronous, and copied out before the next. The extra byte shows excess length.
 */
const scratch = Buffer.allocUnsafeSlow(synchronousReadBytes + 1)

/**
 * All bytes, if one read finds exactly as many as there should be; undefined when the caller must look more closely.
 */
function readSmall(descriptor: number, length: number, path: string, key: AttachmentKey): Uint8Array | undefined {
  try {
    const count = readSync(descriptor, scratch, 0, length + 1, 0)
    return count === length ? new Uint8Array(scratch.subarray(0, length)) : undefined
  } catch (cause) {
    if (hasCode(cause, 'EISDIR', 'EAGAIN', 'ESPIPE')) return undefined
    throw ioError('read', path, cause, key.id)
  }
}

async function readWhole(
  descriptor: number,
  start: number,
  length: number,
  path: string,
  key: AttachmentKey,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let offset = 0
  try {
    while (offset < length) {
      const position = start + offset
      const count =
        length <= synchronousReadBytes
          ? readSync(descriptor, bytes, offset, length - offset, position)
          : await readSome(descriptor, bytes, offset, length - offset, position)
      if (signal?.aborted) break
      if (count === 0) break
      offset += count
    }
  } catch (cause) {
    throw ioError('read', path, cause, key.id)
  }
  signal?.throwIfAborted()
  return offset === length ? bytes : bytes.subarray(0, offset)
}

function readSome(
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, bytes, offset, length, position, (error, count) =>
      error === null ? resolve(count) : reject(error),
    )
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
