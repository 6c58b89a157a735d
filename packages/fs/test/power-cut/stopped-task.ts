/**
 * Runs a task again and again, each time in a fresh `<folder>/<number>`; it stops before the next of its file system
 * calls, while another store, in another thread, does all of its own: `node stopped-task.ts <folder> <task> <others>
 * <ending>`. Of the threads, each has its own modules, as processes have. Prints, with the number before them: `cut`
 * where the power may be cut from then on, `whole` when the blob must be there for good, and `end`.
 */
import { mkdirSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { AttachmentIoError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { failSyncs, watchCalls } from '../children/file-system-calls.ts'
import { body, meta } from './scenarios.ts'

const [folder = '', task = '', others = '', ending = ''] = process.argv.slice(2)
const mark = (number: number, text: string): void => void writeSync(1, `${number} ${text}\n`)
const rootOf = (number: number): string => join(folder, String(number), 'deep', 'root')
const id = contentId(body)

/** The removals of a run come before its last put, or it says nothing about what must be there. */
const lastsOnce = task !== 'remove' && others.endsWith('put')

if (isMainThread) await stopAtEveryCall()
else doOthers()

async function stopAtEveryCall(): Promise<void> {
  const done = new Int32Array(new SharedArrayBuffer(4))
  const thread = new Worker(new URL(import.meta.url), { workerData: done, argv: process.argv.slice(2) })
  await new Promise(resolve => thread.once('online', resolve))
  let left = 0
  let number = 0
  let aborting = new AbortController()
  let isFailing = false
  const backgroundEnds = watchCalls(() => {
    left--
    if (left !== 0) return
    Atomics.store(done, 0, 0)
    thread.postMessage(number)
    Atomics.wait(done, 0, 0)
    if (ending === 'is aborted') aborting.abort()
    isFailing = ending === 'fails to sync'
  })
  failSyncs(path => isFailing && path.startsWith(rootOf(number)))
  for (;;) {
    number++
    mkdirSync(rootOf(number), { recursive: true })
    const store = new FileAttachmentStore(rootOf(number))
    await store.put(body, meta)
    if (task === 'put') await store.delete(id, { generation: 0 })
    if (task === 'heal') unlinkSync(join(rootOf(number), 'sha256', id.slice(0, 2), `${id}.json`))
    await backgroundEnds()
    mark(number, 'cut')
    aborting = new AbortController()
    left = number
    const outcome = await run(store, aborting.signal).catch(error => error)
    const stopped = left <= 0
    left = 0
    isFailing = false
    if (lastsOnce && outcome === undefined) mark(number, 'whole')
    mark(number, 'end')
    const mayFail = AttachmentIoError.isInstance(outcome) || outcome === aborting.signal.reason
    if (outcome !== undefined && (ending === 'goes on' || !mayFail)) throw outcome
    await store.close()
    if (!stopped) break
  }
  await thread.terminate()
}

async function run(store: FileAttachmentStore, signal: AbortSignal): Promise<void> {
  if (task === 'remove') await store.delete(id, { generation: 0, signal })
  else await store.put(body, meta, { signal })
}

function doOthers(): void {
  const done = workerData as Int32Array
  parentPort?.on('message', async (number: number) => {
    const store = new FileAttachmentStore(rootOf(number))
    for (const other of others.split(', ')) {
      if (other === 'put') await store.put(body, meta)
      else await store.delete(id, { generation: 0 })
    }
    if (lastsOnce) mark(number, 'whole')
    await store.close()
    Atomics.store(done, 0, 1)
    Atomics.notify(done, 0)
  })
}
