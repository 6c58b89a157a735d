import { AttachmentInvalidArgumentError, AttachmentTooLargeError } from '../errors.ts'

/** The bytes of an array, copied: whatever is done to its memory afterwards, by whichever thread. Undefined when the body is none. */
export function copyOf(body: unknown, maxByteLength: number): Uint8Array | undefined {
  // By tag, not by instanceof: arrays may come from another realm.
  const isArray = ArrayBuffer.isView(body) && (body as Uint8Array)[Symbol.toStringTag] === 'Uint8Array'
  if (!isArray && Object.prototype.toString.call(body) !== '[object ArrayBuffer]') return undefined
  const { byteLength } = body as Uint8Array | ArrayBuffer
  if (byteLength > maxByteLength) throw new AttachmentTooLargeError(maxByteLength)
  return copied(() => (isArray ? copy(body as Uint8Array) : new Uint8Array((body as ArrayBuffer).slice(0))))
}

/** @throws AttachmentInvalidArgumentError when the copy fails: an array without memory looks empty until it is touched. */
export function copied<T>(make: () => T): T {
  try {
    return make()
  } catch (cause) {
    throw new AttachmentInvalidArgumentError(`cannot copy the bytes; give very many as a stream: ${cause}`, { cause })
  }
}

/** Small copies share memory with one another, which is several times faster; they never leave the store as they are. */
const sharedBytes = 16 * 1024
let shared = new ArrayBuffer(0)
let sharedUsed = 0

function copy(bytes: Uint8Array): Uint8Array {
  const { byteLength } = bytes
  if (byteLength === 0 || byteLength >= 4096) return new Uint8Array(bytes)
  if (sharedUsed + byteLength > shared.byteLength) {
    shared = new ArrayBuffer(sharedBytes)
    sharedUsed = 0
  }
  const taken = new Uint8Array(shared, sharedUsed, byteLength)
  taken.set(bytes)
  // A copy begins where a word does.
  sharedUsed += (byteLength + 7) & ~7
  return taken
}
