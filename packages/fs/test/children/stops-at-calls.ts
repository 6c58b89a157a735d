/**
 * Runs a task again and again; each time it stops before the next of its file system calls, while another store, in
 * another thread, runs all of another task: `node stops-at-calls.ts <folder> <durability> <task> <other task>`. Prints
 * for each run what is there afterwards: the outcomes of both blobs, then the names of all files.
 */
import { mkdirSync, readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { meta } from './bodies.ts'
import { watchCalls } from './file-system-calls.ts'
import { outcomeOf, type PairTask, pair, runTask } from './pair.ts'

type Durability = 'full' | 'relaxed'
const [folder = '', durability = '', task = '', otherTask = ''] = process.argv.slice(2)

if (isMainThread) await stopAtEveryCall()
else doOtherTasks()

async function stopAtEveryCall(): Promise<void> {
  const done = new Int32Array(new SharedArrayBuffer(4))
  const other = new Worker(new URL(import.meta.url), { workerData: done, argv: process.argv.slice(2) })
  await new Promise(resolve => other.once('online', resolve))
  let left = 0
  let root = ''
  const backgroundEnds = watchCalls(() => {
    left--
    if (left !== 0) return
    Atomics.store(done, 0, 0)
    other.postMessage(root)
    Atomics.wait(done, 0, 0)
  })
  for (let call = 1; ; call++) {
    root = join(folder, String(call))
    mkdirSync(root)
    const store = new FileAttachmentStore(root, { durability: durability as Durability })
    for (const bytes of pair) await store.put(bytes, meta)
    if (task === 'put the first') await runTask(store, 'remove both')
    await backgroundEnds()
    left = call
    await runTask(store, task as PairTask)
    const calls = call - left
    left = 0
    await store.close()
    if (calls < call) break
    const files = (readdirSync(root, { recursive: true }) as string[]).filter(
      name => !/^(tmp(.removing-reserve)?|sha256(.[0-9a-f]{2})?)$/.test(name),
    )
    writeSync(1, `${JSON.stringify([...(await outcomeOf(root)), ...files.sort()])}\n`)
  }
  await other.terminate()
}

function doOtherTasks(): void {
  const done = workerData as Int32Array
  parentPort?.on('message', async root => {
    const store = new FileAttachmentStore(root, { durability: durability as Durability })
    await runTask(store, otherTask as PairTask)
    await store.close()
    Atomics.store(done, 0, 1)
    Atomics.notify(done, 0)
  })
}
