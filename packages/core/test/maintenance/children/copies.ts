/** Copies one folder to another, and prints a line when ten copies have ended: `node copies.ts <from> <to>`. */
import { copyStore } from '@lash/attachments-core/maintenance'
import { FileAttachmentStore } from '@lash/attachments-fs'

const [from = '', to = ''] = process.argv.slice(2)
const onProgress = ({ count }: { count: number }) => {
  if (count === 10) console.log('ten')
}
await copyStore(new FileAttachmentStore(from), new FileAttachmentStore(to), { onProgress })
