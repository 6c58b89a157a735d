import * as crypto from 'node:crypto'
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
  return crypto.hash === undefined
    ? crypto.createHash('sha256').update(bytes).digest('hex')
    : crypto.hash('sha256', bytes, 'hex')
}

/**
 * As {@link contentId}, without stalling the event loop: small bytes, and a few big ones, are hashed at once and without a
 * promise; of many big ones that come together, most are hashed off the calling thread, and while some are, so are those that follow.
 */
export function digest(bytes: Uint8Array): AttachmentId | Promise<AttachmentId> {
  if (bytes.byteLength > wholeBytes) return digestInPieces(bytes)
  if (bytes.byteLength >= offThreadBytes) {
    if (hashedThisTurn === 0) setImmediate(endTurn)
    hashedThisTurn += bytes.byteLength
    if (offThread > 0 || hashedThisTurn > bytesPerTurn) return digestOffThread(bytes)
  }
  return contentId(bytes)
}

let hashedThisTurn = 0

function endTurn(): void {
  hashedThisTurn = 0
}

/** Starting one copies its input on the calling thread, so of many that are asked for in one tick only as many start as can run. */
const maxOffThread = 4
let offThread = 0
const waiting: (() => void)[] = []

async function digestOffThread(bytes: Uint8Array): Promise<AttachmentId> {
  if (offThread < maxOffThread) offThread++
  else await new Promise<void>(resolve => waiting.push(resolve))
  try {
    const hash = await crypto.webcrypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
    return Buffer.from(hash).toString('hex')
  } finally {
    const next = waiting.shift()
    if (next === undefined) offThread--
    else next()
  }
}

async function digestInPieces(bytes: Uint8Array): Promise<AttachmentId> {
  const hash = incrementalDigest()
  for (const piece of slices(bytes, bytesPerTurn)) {
    hash.update(piece)
    await new Promise(setImmediate)
  }
  return hash.digest('hex')
}

/** Starts a digest that is fed piece by piece; its `digest('hex')` is the id. */
export function incrementalDigest(): crypto.Hash {
  return crypto.createHash('sha256')
}
