import type { AttachmentContent } from '@lash/attachments-core'
import { SqliteAttachmentStore } from '@lash/attachments-sqlite'

const meta = { mediaType: 'application/octet-stream' }

/** A store that tells how much of a body it has read. */
export class WatchedStore extends SqliteAttachmentStore {
  /**
   * Like `put`. Tells the watcher, before it passes a chunk on, how many bytes have passed, and in which of the
   * streams.
   */
  async putWatched(bytes: Uint8Array, watch: (passed: number, stream: number) => void): Promise<string> {
    const content = await this.prepare(new Blob([bytes]))
    const { id, byteLength } = content
    let streams = 0
    const watched: AttachmentContent = {
      id,
      byteLength,
      stream() {
        const stream = ++streams
        let passed = 0
        const watching = new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            passed += chunk.byteLength
            watch(passed, stream)
            controller.enqueue(chunk)
          },
        })
        return content.stream().pipeThrough(watching)
      },
      [Symbol.asyncDispose]: () => content[Symbol.asyncDispose](),
    }
    try {
      await this.driver.write({ id, generation: 0 }, watched, { id, byteLength, ...meta }, {})
      return id
    } finally {
      await content[Symbol.asyncDispose]()
    }
  }
}
