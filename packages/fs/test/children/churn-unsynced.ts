/** Puts and deletes the same few bytes again and again without syncs: `node churn-unsynced.ts <root>`. Fails on what is not whole or absent. */
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { contended, meta } from './bodies.ts'

const store = new FileAttachmentStore(process.argv[2] ?? '', { durability: 'relaxed' })
let chance = process.pid
for (let turn = 0; turn < 600; turn++) {
  chance = (chance * 1_103_515_245 + 12_345) % 2 ** 31
  const bytes = contended[(chance >> 8) % contended.length] as Uint8Array
  const id = contentId(bytes)
  if ((chance >> 16) % 2 === 0) await store.delete(id, { generation: 0 })
  else await store.put(bytes, meta)
  try {
    await store.get(id)
  } catch (error) {
    if (!AttachmentStoreError.isInstance(error) || error.code !== 'not_found') throw error
  }
}
await store.close()
