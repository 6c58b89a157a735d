/**
 * Runs a task, and kills itself before a file system call: `node dies-at-call.ts <root> <durability> <task> <number of
 * call>`.
 */
import { FileAttachmentStore } from '@lash/attachments-fs'
import { watchCalls } from './file-system-calls.ts'
import { type PairTask, runTask } from './pair.ts'

const [root = '', durability = '', task = '', call = ''] = process.argv.slice(2)
let left = Number(call)
watchCalls(() => {
  left--
  if (left === 0) process.kill(process.pid, 'SIGKILL')
})
const store = new FileAttachmentStore(root, { durability: durability as 'full' | 'relaxed' })
await runTask(store, task as PairTask)
await store.close()
