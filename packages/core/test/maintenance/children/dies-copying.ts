/** Copies one folder to another, and kills itself when ten copies have ended: `node dies-copying.ts <from> <to>`. */
import { copyStore } from '@lash/attachments-core/maintenance'
import { FileAttachmentStore } from '@lash/attachments-fs'

const [from = '', to = ''] = process.argv.slice(2)
const onProgress = ({ count }: { count: number }) => {
  if (count === 10) process.kill(process.pid, 'SIGKILL')
}
await copyStore(new FileAttachmentStore(from), new FileAttachmentStore(to), { onProgress })
