import type { UIMessageChunk } from 'ai'
import type { Fields, Visit } from './places/place.ts'
import { mapUIPart } from './places/ui-message.ts'

/** Calls with a walk through each chunk that may hold attachments, one chunk after another. */
export function chunkStream<Chunk extends UIMessageChunk>(
  change: (walk: (visit: Visit) => Fields, chunk: Fields, signal: AbortSignal) => Fields | Promise<Fields>,
  signal: AbortSignal | undefined,
): TransformStream<Chunk, Chunk> {
  const cancelled = new AbortController()
  const until = signal === undefined ? cancelled.signal : AbortSignal.any([signal, cancelled.signal])
  return new TransformStream<Chunk, Chunk>({
    async transform(chunk, controller) {
      until.throwIfAborted()
      const fields = chunk as Fields
      controller.enqueue(
        (await change(visit => mapUIPart(fields, `chunk ${chunk.type}`, visit), fields, until)) as Chunk,
      )
    },
    // The reader has gone, or the source has failed.
    cancel(reason) {
      cancelled.abort(reason)
    },
  })
}
