import type { AttachmentGenerationOptions, AttachmentId, StoredAttachment } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'

/** A store whose reader waits for its abort when it comes to the id in `WAITS_AT`. */
class WaitingStore extends FileAttachmentStore {
  override get(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<StoredAttachment> {
    if (id !== process.env.WAITS_AT) return super.get(id, options)
    return new Promise((_resolve, reject) => {
      // A process that waits for nothing but signals ends.
      const waiting = setInterval(() => {}, 1000)
      options.signal?.addEventListener('abort', () => {
        clearInterval(waiting)
        reject(options.signal?.reason)
      })
    })
  }
}

/** For `--use`: `waits:/folder`. */
export function openStore(url: string): WaitingStore {
  return new WaitingStore(url.slice('waits:'.length))
}
