import { IdleTimer } from '../idle.ts'

/**
 * The first chunk and what the reader still has, as the body of a response. It reads a chunk when the one before has
 * been taken. When nobody takes anything for the time, the body errors and the reader is cancelled, so that a client
 * that has stopped reading keeps no file open.
 */
export function sending(
  first: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  idleTimeoutMs: number,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  let ready: Uint8Array | undefined = first
  let idle: IdleTimer
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        idle = new IdleTimer(idleTimeoutMs, () => {
          const error = new Error(`a client took nothing for ${idleTimeoutMs} ms`)
          controller.error(error)
          reader.cancel(error).catch(() => {})
        })
        idle.start()
      },
      async pull(controller) {
        idle.pause()
        try {
          const chunk = ready ?? (await reader.read()).value
          ready = undefined
          if (chunk !== undefined) {
            controller.enqueue(chunk)
            return idle.start()
          }
        } catch (error) {
          idle.stop()
          onError(error)
          throw error
        }
        idle.stop()
        controller.close()
      },
      cancel(reason) {
        idle.stop()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
