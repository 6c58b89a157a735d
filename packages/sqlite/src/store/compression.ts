import { promisify } from 'node:util'
import { deflate, deflateSync, inflate, inflateSync } from 'node:zlib'

/** How stored bytes are encoded. */
export const identity = 0
export const zlib = 1

/** Above this, compressing or inflating goes to the thread pool: in place it would hold up the event loop for longer than the hop takes. */
const inPlaceBytes = 32 * 1024

const deflateInPool = promisify(deflate) as (bytes: Uint8Array, options: { level: number }) => Promise<Buffer>
const inflateInPool = promisify(inflate) as (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>

export interface Encoded {
  encoding: number
  bytes: Uint8Array
}

/** Compresses, and keeps the result only when it is smaller. */
export function compress(bytes: Uint8Array, level: number): Encoded | Promise<Encoded> {
  if (bytes.byteLength <= inPlaceBytes) return smaller(bytes, deflateSync(bytes, { level }))
  return deflateInPool(bytes, { level }).then(compressed => smaller(bytes, compressed))
}

function smaller(bytes: Uint8Array, compressed: Uint8Array): Encoded {
  if (compressed.byteLength < bytes.byteLength) return { encoding: zlib, bytes: compressed }
  return { encoding: identity, bytes }
}

/**
 * The bytes as they were put, in memory of their own. Fails on damaged input, and on input that would grow beyond what was put.
 */
export function decompress(stored: Buffer, encoding: number, byteLength: number): Uint8Array | Promise<Uint8Array> {
  if (encoding === identity) return own(stored)
  if (encoding !== zlib) throw new RangeError(`unknown encoding ${encoding}`)
  // Zero would mean no limit.
  const maxOutputLength = Math.max(1, byteLength)
  if (byteLength <= inPlaceBytes) return own(inflateSync(stored, { maxOutputLength }))
  return inflateInPool(stored, { maxOutputLength }).then(own)
}

/**
 * As a plain array: who gets it compares it with others of its kind. Of what is a part of something bigger, a copy: Node's zlib takes its
 * results out of a pool, and who sends such a part elsewhere sends all of it, with what others have in it.
 */
function own(buffer: Buffer): Uint8Array {
  if (buffer.byteLength < buffer.buffer.byteLength) return new Uint8Array(buffer)
  return new Uint8Array(buffer.buffer)
}
