/**
 * Reads big blobs, alone and many at once: `node many-reads.ts <root> <how threads work>`, which is `works`, or making
 * one `throws`, or it `ends` without an answer. Says what it finds. Leaves the store open: the process must end
 * nevertheless.
 */
import crypto from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import workerThreads, { type Worker } from 'node:worker_threads'
import type { AttachmentId } from '@lash/attachments-core'
import { say } from '@lash/attachments-testing/child'
import { seemFast } from './seeming-disk.ts'

const [root = '', how] = process.argv.slice(2)
// On a slow disk, no thread reads.
seemFast()

/** Hashes of big bodies that the calling thread takes, or gives to the pool. */
let hashes = 0
const { hash } = crypto
crypto.hash = ((...given: Parameters<typeof hash>) => {
  if ((given[1] as Uint8Array).byteLength > 100_000) hashes++
  return hash(...given)
}) as typeof hash
const { subtle } = globalThis.crypto
const digest = subtle.digest.bind(subtle)
subtle.digest = (...given) => {
  hashes++
  return digest(...given)
}
let started = 0
const RealWorker = workerThreads.Worker
if (how !== 'works') {
  workerThreads.Worker = function newWorker(): Worker {
    started++
    if (how === 'throws') throw new Error('this test has no threads')
    return new RealWorker(new URL('./no-such-worker.js', import.meta.url))
  } as never
}
syncBuiltinESMExports()

let lost = 0
const threads = new Set<Worker>()
process.on('worker', (worker: Worker) => {
  threads.add(worker)
  worker.once('error', () => lost++)
  worker.once('exit', () => threads.delete(worker))
})

const { FileAttachmentStore } = await import('@lash/attachments-fs')
const { AttachmentStoreError } = await import('@lash/attachments-core')
const store = new FileAttachmentStore(root, { durability: 'relaxed' })
const bodies = Array.from({ length: 8 }, (_, index) => new Uint8Array(200_000 * (index + 1)).fill(index))
const ids: AttachmentId[] = []
for (const body of bodies) ids.push((await store.put(body, { mediaType: 'a/b' })).id)

/** What came of reading all at once, or the code of the error. */
async function together(verify = true): Promise<string[]> {
  hashes = 0
  return await Promise.all(ids.map((id, index) => outcome(id, bodies[index] as Uint8Array, verify)))
}

async function outcome(id: AttachmentId, body: Uint8Array, verify: boolean): Promise<string> {
  try {
    const { bytes } = await store.get(id, { verify })
    if (bytes.byteLength !== bytes.buffer.byteLength) return 'a part of a buffer'
    return Buffer.compare(bytes, body) === 0 ? 'whole' : 'other bytes'
  } catch (error) {
    return AttachmentStoreError.isInstance(error) ? error.code : String(error)
  }
}

/** Reads all at once until other threads take all hashes but the one of the first read. */
async function untilElsewhere(): Promise<string[]> {
  let found: string[]
  do found = await together()
  while (hashes > 1)
  return found
}

for (const [index, id] of ids.entries()) await outcome(id, bodies[index] as Uint8Array, true)
say('alone', threads.size + started)
if (how === 'works') {
  say('together', ...(await untilElsewhere()))
  const [, second = '', third = ''] = ids.map(id => join(root, 'sha256', id.slice(0, 2), id))
  const [, damaged = new Uint8Array(), cut = new Uint8Array()] = bodies
  writeFileSync(second, Buffer.from(damaged).fill(9, 100_000, 100_001))
  writeFileSync(third, cut.subarray(1))
  say('damaged', ...(await together()))
  say('not compared', ...(await together(false)), hashes)
  writeFileSync(second, damaged)
  writeFileSync(third, cut)
  const reading = together()
  for (const thread of threads) void thread.terminate()
  say('threads are lost', ...(await reading))
  say('others take their place', ...(await untilElsewhere()))
} else {
  do say('together', ...(await together()))
  while (started === 0 || (how === 'ends' && lost < started))
  const before = started
  await together()
  say('more threads', started - before)
}
