import { read } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import {
  AttachmentCorruptError,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentMeta,
} from '@lash/attachments-core'
import { abortable, type FileRead, fileStream, wrongLength } from '@lash/attachments-core/backend'
import { type Disk, readOnly } from '../disk/disk.ts'
import { hasCode, ioError } from '../disk/io-error.ts'
import { readOnThread } from './read-threads.ts'

/** Up to this many bytes, a blob is read in one piece; above, as a stream. */
const wholeReadBytes = 2 * 1024 * 1024

/** A blob of which more is asked for than one read in place gives: how much of it. */
export interface Big {
  readonly meta: AttachmentMeta
  readonly start: number
  readonly end: number
}

/** Reads a blob that is not small; undefined when it is gone. */
export async function readBig(
  disk: Disk,
  path: string,
  big: Big,
  { signal, verify }: AttachmentDriverReadOptions,
): Promise<AttachmentDriverRead | undefined> {
  signal?.throwIfAborted()
  const { meta } = big
  if (big.end - big.start > wholeReadBytes) {
    const body = await openStream(path, big, signal)
    return body && { meta, body }
  }
  const { bigReads } = disk
  const read = async () => {
    // One alone is read here. Of many, threads read and hash as many as they can: to hash takes longer than all else,
    // and libuv's pool hashes only copies. A disk that is slow serves more reads at once from the pool.
    const isWhole = big.end - big.start === meta.byteLength
    if (bigReads.inUse > 1 && isWhole && verify !== false && !disk.isSlow) {
      const hashed = await abortable(readOnThread({ path, length: meta.byteLength }, bigReads.inUse), signal)
      if (hashed?.digest === meta.id) return { meta, body: hashed.bytes, verified: hashed.bytes }
    }
    const body = await readWhole(disk, path, big, signal)
    return body && { meta, body }
  }
  return bigReads.run(read, 1, signal)
}

/** Shorter than it should be where the file is. */
async function readWhole(
  disk: Disk,
  path: string,
  { meta, start, end }: Big,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  let descriptor: number | undefined
  try {
    descriptor = await disk.open(path, readOnly)
    const length = end - start
    // Memory that is not cleared first: that took a sixth of the time of many big reads at once.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
    for (let offset = 0; offset < length; ) {
      const count = await readSome(descriptor, bytes, offset, length - offset, start + offset)
      signal?.throwIfAborted()
      // What was not read is not handed out with the rest of its buffer.
      if (count === 0) return bytes.slice(0, offset)
      offset += count
    }
    return bytes
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    if (hasCode(cause, 'ENOENT')) return undefined
    throw ioError('read', path, cause, meta.id)
  } finally {
    if (descriptor !== undefined) await disk.close(descriptor, path)
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
  { meta, start, end }: Big,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const failed = (cause: unknown): never => {
    throw ioError('read', path, cause, meta.id)
  }
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    const file = handle
    const { size } = await file.stat()
    if (size !== meta.byteLength) throw wrongLength(meta.id, size, meta.byteLength)
    const read: FileRead = (...range) => file.read(...range).catch(failed)
    return fileStream(read, start, end, () => file.close(), signal)
  } catch (cause) {
    await handle?.close().catch(() => {})
    if (hasCode(cause, 'ENOENT')) return undefined
    if (AttachmentCorruptError.isInstance(cause)) throw cause
    return failed(cause)
  }
}
