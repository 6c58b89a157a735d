import { hash } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

/** A file, and how many bytes it should have. */
export interface ReadRequest {
  readonly path: string
  readonly length: number
}

/** What was read, with its SHA-256. */
export interface ReadAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly digest: string
}

/** Undefined where the read has failed: whoever asked reads again, and says why. */
export type ReadReply = ReadAnswer | undefined

parentPort?.on('message', (request: ReadRequest) => {
  const reply = answer(request)
  parentPort?.postMessage(reply, reply && [reply.bytes.buffer])
})

// It has started.
parentPort?.postMessage(undefined)

function answer({ path, length }: ReadRequest): ReadReply {
  try {
    const bytes = read(path, length)
    return bytes && { bytes, digest: hash('sha256', bytes) }
  } catch {
    return undefined
  }
}

function read(path: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  // By name, since in Deno a descriptor is the thread's own.
  const descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer)
    for (let offset = 0; offset < length; ) {
      const count = readSync(descriptor, bytes, offset, length - offset, offset)
      if (count === 0) return undefined
      offset += count
    }
    return bytes
  } finally {
    closeSync(descriptor)
  }
}
