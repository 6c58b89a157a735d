import { owned } from '../content/byte-stream.ts'

const chunkBytes = 256 * 1024

/** Reads of an open file, as `read` of `FileHandle` does. */
export type FileRead = (
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => Promise<{ readonly bytesRead: number }>

/**
 * A range of an open file as a stream that reads only when it is asked to. `onEnd` is called once, when the stream has
 * ended, failed or was cancelled, possibly during a read. The caller closes the file there. If the file is shorter
 * than `end`, the stream ends early. After the signal has aborted, the next read fails with its reason.
 */
export function fileStream(
  read: FileRead,
  start: number,
  end: number,
  onEnd: () => Promise<void> = async () => {},
  signal?: AbortSignal,
): ReadableStream<Uint8Array> {
  let position = start
  let ended: Promise<void> | undefined
  const finish = () => {
    ended ??= onEnd()
    return ended
  }
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          signal?.throwIfAborted()
          const want = Math.min(chunkBytes, end - position)
          const buffer = new Uint8Array(want)
          const { bytesRead } = await read(buffer, 0, want, position)
          position += bytesRead
          if (ended !== undefined) return
          if (bytesRead > 0) return controller.enqueue(owned(buffer.subarray(0, bytesRead)))
        } catch (error) {
          await finish()
          throw error
        }
        await finish()
        controller.close()
      },
      cancel: finish,
    },
    { highWaterMark: 0 },
  )
}
