import type { Stats } from 'node:fs'
import {
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
} from '@lash/attachments-core'
import { physicalName, wrongLength } from '@lash/attachments-core/backend'
import { type Disk, readOnly, synchronousReadBytes } from '../disk/disk.ts'
import { hasCode, ioError } from '../disk/io-error.ts'
import type { Layout } from '../disk/layout.ts'
import { type Steps, settled } from '../disk/pace.ts'
import { lookAt } from '../disk/stat.ts'
import { decodeSidecar, readSidecarFile } from '../store/sidecar.ts'
import { type Big, readBig } from './big-read.ts'
import { readSmallBlob } from './small-read.ts'

/** How often to look at a blob that is just being removed, or removed and put again. */
const looks = 5

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
  const atOnce = options.end === undefined ? disk.ifFast(() => readSmallBlob(layout, name, key)) : undefined
  if (atOnce !== undefined && 'body' in atOnce) return atOnce
  for (let look = 1; look <= looks; look++) {
    const found =
      (look === 1 && atOnce) || (await disk.run(readOrMeasure(disk, layout, name, key, options, look), signal))
    if (found === 'gone') return undefined
    if (found === 'look again') continue
    const read = 'body' in found ? found : await readBig(disk, path, found, options)
    if (read !== undefined) return read
  }
  throw missingSidecar(layout, name, key)
}

/**
 * Reads what is asked for if that is small, or says how much it is: a reader that waited for another turn with an open
 * file would be one of thousands.
 */
function* readOrMeasure(
  disk: Disk,
  layout: Layout,
  name: string,
  key: AttachmentKey,
  range: AttachmentDriverReadOptions,
  look: number,
): Steps<AttachmentDriverRead | Big | 'gone' | 'look again'> {
  const path = layout.bytesPath(name)
  let descriptor: number
  try {
    descriptor = yield* settled(disk.open(path, readOnly))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return 'gone'
    throw ioError('read', path, cause, key.id)
  }
  try {
    const meta = yield* readSidecar(disk, layout, name, key, look)
    if (meta === undefined) return 'look again'
    const size = yield* sizeOf(disk, descriptor, path, key)
    if (size !== meta.byteLength) throw wrongLength(key.id, size, meta.byteLength)
    const start = Math.min(range.start ?? 0, size)
    const end = Math.min(range.end ?? size, size)
    if (end - start > synchronousReadBytes) return { meta, start, end }
    return { meta, body: yield* readSmall(disk, descriptor, start, end - start, path, key) }
  } finally {
    yield* settled(disk.close(descriptor, path))
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
    stats = yield* settled(disk.fstat(descriptor))
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

function missingSidecar(layout: Layout, name: string, key: AttachmentKey): AttachmentMissingMetaError {
  return new AttachmentMissingMetaError(
    key.id,
    `the metadata of ${key.id} is missing: there is no ${layout.sidecarPath(name)}; ` +
      'put the original again, or restore that file',
  )
}
