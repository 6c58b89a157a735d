/**
 * Terminates a thread that has spooled half a body: `node terminates-thread.ts <root>`. Prints how many files are in
 * `tmp` before and after.
 */
import { once } from 'node:events'
import { readdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { halfBody, meta } from './bodies.ts'

const root = process.argv[2] ?? ''
if (isMainThread) await terminate()
else await stall()

async function terminate(): Promise<void> {
  const thread = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2) })
  await once(thread, 'message')
  await openAndPut(1)
  await thread.terminate()
  await openAndPut(2)
}

/** Every store sweeps after its first put. */
async function openAndPut(seed: number): Promise<void> {
  const store = new FileAttachmentStore(root)
  await store.put(new Uint8Array([seed]), meta)
  await store.close()
  const entries = readdirSync(join(root, 'tmp'), { recursive: true, withFileTypes: true })
  writeSync(1, `${entries.filter(entry => entry.isFile()).length}\n`)
}

async function stall(): Promise<void> {
  const store = new FileAttachmentStore(root)
  let pulls = 0
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls++
        if (pulls === 1) return controller.enqueue(halfBody)
        // The store asks for more, so it has written the first half.
        parentPort?.postMessage('stalled')
        return new Promise(() => {})
      },
    },
    { highWaterMark: 0 },
  )
  setInterval(() => {}, 60_000)
  await store.put(source, meta)
}
