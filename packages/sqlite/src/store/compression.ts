import { promisify } from 'node:util'
import { deflate, deflateSync, inflate, inflateSync } from 'node:zlib'
import { AttachmentCorruptError, type AttachmentKey } from '@lash/attachments-core'

/** The encodings of stored bytes. */
export const identity = 0
export const zlib = 1

/** From here on zlib works in the thread pool: in place it would hold up the event loop longer than the hop takes. */
const inPlaceBytes = 32 * 1024

const deflateInPool = promisify(deflate) as (bytes: Uint8Array, options: { level: number }) => Promise<Buffer>
const inflateInPool = promisify(inflate) as (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>

export interface Encoded {
  encoding: number
  bytes: Uint8Array
}

/**
 * Compresses, and keeps the result only if it is smaller.
 * @param level of zlib; undefined: do not compress.
 */
export function encode(bytes: Uint8Array, level: number | undefined): Encoded | Promise<Encoded> {
  if (level === undefined) return { encoding: identity, bytes }
  if (bytes.byteLength <= inPlaceBytes) return smaller(bytes, deflateSync(bytes, { level }))
  return deflateInPool(bytes, { level }).then(compressed => smaller(bytes, compressed))
}

function smaller(bytes: Uint8Array, compressed: Uint8Array): Encoded {
  if (compressed.byteLength < bytes.byteLength) return { encoding: zlib, bytes: compressed }
  return { encoding: identity, bytes }
}

/** Stored bytes as they were put; a promise only if they take long to inflate. @throws AttachmentCorruptError */
export function decode(
  key: AttachmentKey,
  stored: Uint8Array,
  encoding: number,
  byteLength: number,
): Uint8Array | Promise<Uint8Array> {
  const failed = (cause: unknown): never => {
    throw damaged(key, (cause as Error).message, cause)
  }
  try {
    const bytes = decompress(stored, encoding, byteLength)
    return bytes instanceof Promise ? bytes.catch(failed) : bytes
  } catch (cause) {
    return failed(cause)
  }
}

export function damaged(key: AttachmentKey, why: string, cause?: unknown): AttachmentCorruptError {
  const message = `the stored bytes of ${key.id} are damaged: ${why}; delete them and put the original again`
  return new AttachmentCorruptError(key.id, message, { cause })
}

/** The bytes as they were put, in memory of their own. Fails on input that is damaged, or grows beyond what was put. */
function decompress(stored: Uint8Array, encoding: number, byteLength: number): Uint8Array | Promise<Uint8Array> {
  if (encoding === identity) return own(stored)
  if (encoding !== zlib) throw new RangeError(`unknown encoding ${encoding}`)
  // 0 would mean no limit.
  const maxOutputLength = Math.max(1, byteLength)
  if (byteLength <= inPlaceBytes) return own(inflateSync(stored, { maxOutputLength }))
  return inflateInPool(stored, { maxOutputLength }).then(own)
}

/**
 * A plain Uint8Array that has its memory to itself. Node's zlib takes results out of a pool: whoever transferred such a
 * part to another thread would send the whole pool along, with other people's bytes in it.
 */
function own(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength < bytes.buffer.byteLength) return new Uint8Array(bytes)
  return new Uint8Array(bytes.buffer)
}
