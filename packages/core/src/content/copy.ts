import { AttachmentInvalidArgumentError, AttachmentTooLargeError } from '../errors.ts'

/** A copy of the bytes of an array. Undefined when the body is no array. */
export function copyOf(body: unknown, maxByteLength: number): Uint8Array | undefined {
  // By its tag, since an array of another realm is no instance of this realm's class.
  const isArray = ArrayBuffer.isView(body) && (body as Uint8Array)[Symbol.toStringTag] === 'Uint8Array'
  if (!isArray && Object.prototype.toString.call(body) !== '[object ArrayBuffer]') return undefined
  const { byteLength } = body as Uint8Array | ArrayBuffer
  if (byteLength > maxByteLength) throw new AttachmentTooLargeError(maxByteLength)
  return copied(() => (isArray ? copy(body as Uint8Array) : new Uint8Array((body as ArrayBuffer).slice(0))))
}

/**
 * @throws AttachmentInvalidArgumentError when the copy fails: there is no memory for it, or the array is detached,
 * which looks empty until its bytes are read.
 */
export function copied<T>(make: () => T): T {
  try {
    return make()
  } catch (cause) {
    throw new AttachmentInvalidArgumentError(`cannot copy the bytes; give a stream: ${cause}`, { cause })
  }
}

/** Small copies share one buffer, which is several times faster. They never leave the store as they are. */
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
  // Each copy starts at a word.
  sharedUsed += (byteLength + 7) & ~7
  return taken
}
