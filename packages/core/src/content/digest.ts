import { createHash, type Hash, hash } from 'node:crypto'
import { Semaphore } from '../calls/semaphore.ts'
import { slices } from './byte-stream.ts'
import type { AttachmentId } from './id.ts'

/** Below it, hashing off the calling thread costs more than it saves: at 16 KiB the hop takes what the hash does. */
const offThreadBytes = 64 * 1024
/**
 * What of bigger bytes is hashed on the calling thread in one turn of the event loop: about a millisecond of work. Who puts or
 * reads one after the other does not pay for hops; who asks for many at once has them hashed on other processors.
 */
const bytesPerTurn = 2 * 1024 * 1024
/**
 * Bigger bytes are hashed piece by piece: off the calling thread they would first be copied on it, and of 2 GiB no more than an
 * error would come.
 */
const wholeBytes = 64 * 1024 * 1024

/** SHA-256 of the bytes, in the form of an {@link AttachmentId}. Hashes on the calling thread. */
export function contentId(bytes: Uint8Array): AttachmentId {
  return hash('sha256', bytes, 'hex')
}

/**
 * As {@link contentId}, without stalling the event loop: small bytes, and a few big ones, are hashed at once and without a
 * promise; of many big ones that come together, most are hashed off the calling thread, and while some are, so are those that follow.
 */
export function digest(bytes: Uint8Array): AttachmentId | Promise<AttachmentId> {
  if (bytes.byteLength > wholeBytes) return digestInPieces(bytes)
  if (bytes.byteLength >= offThreadBytes) {
    if (hashedThisTurn === 0)
      setImmediate(() => {
        hashedThisTurn = 0
      })
    hashedThisTurn += bytes.byteLength
    if (offThread.inUse > 0 || hashedThisTurn > bytesPerTurn) return offThread.run(() => digestOffThread(bytes))
  }
  return contentId(bytes)
}

let hashedThisTurn = 0

/** Starting one copies its input on the calling thread, so of many that are asked for in one tick only as many start as can run. */
const offThread = new Semaphore(4)

async function digestOffThread(bytes: Uint8Array): Promise<AttachmentId> {
  const digested = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Buffer.from(digested).toString('hex')
}

async function digestInPieces(bytes: Uint8Array): Promise<AttachmentId> {
  const digesting = incrementalDigest()
  for (const piece of slices(bytes, bytesPerTurn)) {
    digesting.update(piece)
    await new Promise(setImmediate)
  }
  return digesting.digest('hex')
}

/** Starts a digest that is fed piece by piece; its `digest('hex')` is the id. */
export function incrementalDigest(): Hash {
  return createHash('sha256')
}
