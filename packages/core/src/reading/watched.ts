import type { TracingChannel } from 'node:diagnostics_channel'
import type { AttachmentGetEvent } from '../events.ts'
import type { AttachmentStream } from '../store/store.ts'

/**
 * Opens a stream, and tells the channel of all of it: it has ended when the body was read to its end or cancelled, and
 * has failed with what that fails with, or the opening.
 */
export function watched(
  channel: TracingChannel,
  event: AttachmentGetEvent,
  open: () => Promise<AttachmentStream>,
): Promise<AttachmentStream> {
  return new Promise((resolve, reject) => {
    const whole = async () => {
      const { meta, body } = await open()
      const reader = body.getReader()
      event.readByteLength = 0
      const watching = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            // Also while nobody reads.
            reader.closed.catch(error => controller.error(error))
          },
          async pull(controller) {
            const { done, value } = await reader.read()
            if (done) return controller.close()
            event.readByteLength = (event.readByteLength ?? 0) + value.byteLength
            controller.enqueue(value)
          },
          cancel: reason => reader.cancel(reason),
        },
        { highWaterMark: 0 },
      )
      resolve({ meta, body: watching })
      await reader.closed
    }
    channel.tracePromise(whole, event).catch(reject)
  })
}
