/**
 * Runs a task once, and before each of its file system calls copies the store's folder; then kills itself. So each copy
 * is what a writer leaves that is killed there: `node copies-at-calls.ts <root> <folder of the copies> <durability>
 * <task>`. The copies are called 1, 2 and so on; the last is of the end.
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { watchCalls } from './file-system-calls.ts'
import { type PairTask, runTask } from './pair.ts'

const [root = '', folder = '', durability = '', task = ''] = process.argv.slice(2)
let copies = 0
let isCopying = false

function copy(): void {
  // Copying makes calls too.
  if (isCopying) return
  isCopying = true
  copies++
  cpSync(root, join(folder, String(copies)), { recursive: true, preserveTimestamps: true })
  isCopying = false
}

watchCalls(copy)
const store = new FileAttachmentStore(root, { durability: durability as 'full' | 'relaxed' })
await runTask(store, task as PairTask)
await store.close()
copy()
process.kill(process.pid, 'SIGKILL')
