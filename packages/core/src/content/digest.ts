import { createHash, type Hash, hash } from 'node:crypto'
import { slices } from './byte-stream.ts'
import type { AttachmentId } from './id.ts'

/**
 * For fewer bytes, a hop to another thread costs more than it saves. At 16 KiB the hop takes as long as the hash; at 64
 * KiB, where the bytes are also copied for it, many at once take 1.5 times the processor and are no faster.
 */
const offThreadBytes = 128 * 1024
/**
 * How many bytes of bigger bodies the calling thread hashes in one turn of the event loop: about a millisecond of work.
 * Puts and reads one after the other need no hops; many at once are hashed on other processors.
 */
const bytesPerTurn = 2 * 1024 * 1024
/**
 * Bigger bodies are hashed piece by piece. To hash them on another thread, the calling thread would first copy them
 * whole; at 2 GiB that call fails.
 */
const wholeBytes = 64 * 1024 * 1024

/** SHA-256 of the bytes, in the form of an {@link AttachmentId}. Hashes on the calling thread. */
export function contentId(bytes: Uint8Array): AttachmentId {
  return hash('sha256', bytes, 'hex')
}

/**
 * As {@link contentId}, without stalling the event loop. Small bodies and a few big ones are hashed at once, without a
 * promise, and one that is alone in the next turn. Of many big ones that come together, most are hashed on other
 * threads; while some are, those that follow are too.
 */
export function digest(bytes: Uint8Array): AttachmentId | Promise<AttachmentId> {
  if (bytes.byteLength > wholeBytes) return digestInPieces(bytes)
  if (bytes.byteLength >= offThreadBytes) {
    if (hashedThisTurn === 0)
      setImmediate(() => {
        hashedThisTurn = 0
      })
    hashedThisTurn += bytes.byteLength
    if (offThread > 0 || hashedThisTurn > bytesPerTurn) return digestOffThread(bytes)
  }
  return contentId(bytes)
}

let hashedThisTurn = 0

/** The calling thread copies the input of each hash that it starts, so of many only as many start as can run. */
const maxOffThread = 4
/** How many run or wait for one to end. */
let offThread = 0
const waiting: (() => void)[] = []

async function digestOffThread(bytes: Uint8Array): Promise<AttachmentId> {
  if (offThread++ >= maxOffThread) await new Promise<void>(start => waiting.push(start))
  try {
    if (offThread === 1) {
      // If it is alone, as where calls follow each other without a turn of the loop, it needs no other thread.
      await new Promise(setImmediate)
      if (offThread === 1 && bytes.byteLength <= bytesPerTurn) return contentId(bytes)
    }
    const digested = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
    return Buffer.from(digested).toString('hex')
  } finally {
    offThread--
    waiting.shift()?.()
  }
}

async function digestInPieces(bytes: Uint8Array): Promise<AttachmentId> {
  const digesting = incrementalDigest()
  for (const piece of slices(bytes, bytesPerTurn)) {
    digesting.update(piece)
    await new Promise(setImmediate)
  }
  return digesting.digest('hex')
}

/** A digest to be fed piece by piece. Its `digest('hex')` is the id. */
export function incrementalDigest(): Hash {
  return createHash('sha256')
}
