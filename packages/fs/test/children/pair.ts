import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { contended, meta } from './bodies.ts'
import { refuseLists } from './file-system-calls.ts'

/** Some tasks put the first; the second is only removed. */
export const pair: readonly [Uint8Array, Uint8Array] = [contended[0] as Uint8Array, contended[1] as Uint8Array]

export type PairTask = 'put the first' | 'remove both' | 'remove both without room' | 'remove the first'

export async function runTask(store: FileAttachmentStore, task: PairTask): Promise<void> {
  if (task === 'put the first') await store.put(pair[0], meta)
  // Deletes in one tick are one removal.
  else if (task !== 'remove the first') {
    if (task === 'remove both without room') refuseLists()
    await Promise.all(pair.map(bytes => store.delete(contentId(bytes), { generation: 0 })))
  } else await store.delete(contentId(pair[0]), { generation: 0 })
}

/** What a new store finds of each. */
export async function outcomeOf(root: string): Promise<string[]> {
  const store = new FileAttachmentStore(root)
  const seen: string[] = []
  for (const bytes of pair) {
    try {
      await store.get(contentId(bytes))
      seen.push('whole')
    } catch (error) {
      seen.push(AttachmentStoreError.isInstance(error) ? error.code : String(error))
    }
  }
  await store.close()
  return seen
}
