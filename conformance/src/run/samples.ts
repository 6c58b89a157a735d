import { createHash } from 'node:crypto'

export const KiB = 1024
export const MiB: number = 1024 * KiB

/** The metadata of content that is nothing but bytes. */
export const plain: { mediaType: string } = { mediaType: 'application/octet-stream' }

/** Bytes that look random and are the same for the same length and seed. */
export function sampleBytes(length: number, seed: number = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x2545f491) >>> 0 || 1
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state
  }
  return new Uint8Array(words.buffer, 0, length)
}

/** The id that the bytes must have, computed without the code under test. */
export function independentId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** A well-formed id that no sample has. */
export function absentId(seed: number = 0): string {
  return independentId(Buffer.from(`no attachment has these bytes ${seed}`))
}

/** The bytes as a web stream of chunks of the given size. */
export function webStream(bytes: Uint8Array, chunkBytes: number = 16 * 1024): ReadableStream<Uint8Array> {
  const chunks = chunksOf(bytes, chunkBytes)
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = chunks.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
  })
}

/** The bytes in chunks of the given size; the last may be smaller. */
export function* chunksOf(bytes: Uint8Array, chunkBytes: number): Generator<Uint8Array, void, void> {
  for (let start = 0; start < bytes.byteLength; start += chunkBytes) {
    yield bytes.slice(start, start + chunkBytes)
  }
}

/** A source that gives its chunks and then stalls, until it is told to end or fail. */
export interface StalledSource {
  readonly stream: ReadableStream<Uint8Array>
  /** Resolves when all chunks are taken and somebody asks for more. */
  readonly stalled: Promise<void>
  /** The reason of its cancellation, if it was cancelled. */
  readonly cancelled: () => { reason: unknown } | undefined
  /** Resolves when it is cancelled. */
  readonly whenCancelled: Promise<void>
  /** Ends the stream. */
  finish(): void
  /** Fails the stream. */
  fail(error: unknown): void
}

/** See {@link StalledSource}. */
export function stalledSource(chunks: readonly Uint8Array[]): StalledSource {
  const waiting = chunks.slice()
  const stalled = Promise.withResolvers<void>()
  const cancelledNow = Promise.withResolvers<void>()
  let cancelled: { reason: unknown } | undefined
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
      },
      pull(given) {
        const next = waiting.shift()
        if (next !== undefined) return given.enqueue(next)
        stalled.resolve()
        return new Promise(() => {})
      },
      cancel(reason) {
        cancelled = { reason }
        cancelledNow.resolve()
      },
    },
    { highWaterMark: 0 },
  )
  return {
    stream,
    stalled: stalled.promise,
    cancelled: () => cancelled,
    whenCancelled: cancelledNow.promise,
    finish: () => controller?.close(),
    fail: error => controller?.error(error),
  }
}

/** All bytes of a stream. */
export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Reads a stream until it ends or fails. */
export async function readUntilFailure(
  stream: ReadableStream<Uint8Array>,
): Promise<{ byteLength: number; error: unknown; failed: boolean }> {
  let byteLength = 0
  try {
    for await (const chunk of stream) byteLength += chunk.byteLength
    return { byteLength, error: undefined, failed: false }
  } catch (error) {
    return { byteLength, error, failed: true }
  }
}

/** All items of an async iterable. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

/** Lets the event loop turn, so that what is ready to happen does. */
export async function turn(times: number = 1): Promise<void> {
  for (let turned = 0; turned < times; turned++) await new Promise(resolve => setImmediate(resolve))
}
