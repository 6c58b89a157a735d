import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type AttachmentListing, type AttachmentStore, contentId } from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'
import { copyStore, verifyStore } from '@lash/attachments-core/maintenance'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentStore } from '@lash/attachments-sqlite'
import { generated } from './measure/generated.ts'

/*
 * `verifyStore` and `copyStore` beside the bare calls that they cannot do without, each in a process of its own: how
 * fast they are as a ratio, and how much memory a process takes. Exits with 1 below 0.8, or above 150 MiB.
 * `maintenance.ts [--store fs|sqlite] [--blobs N] [--kib N] [--rounds N]`; by default 1 GiB in one blob on fs, then a
 * million of 100 bytes in sqlite.
 */

const least = 0.8
const promisedMiB = 150
const meta = { mediaType: 'application/octet-stream' }
/** As many at a time as the functions that are measured take. */
const concurrency = 8

type Job = 'fill' | 'verify' | 'read and hash' | 'copy' | 'read and put'

interface Task {
  job: Job
  store: string
  blobs: number
  byteLength: number
  source: string
  target: string
}

interface Outcome {
  seconds: number
  /** What all its threads had of a processor: on a busy machine, the better measure. */
  processorSeconds: number
  peakMiB: number
}

if (process.send === undefined) await main()
else process.once('message', task => doHere(task as Task))

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter(argument => argument !== '--'),
    options: {
      store: { type: 'string' },
      blobs: { type: 'string', default: '1' },
      kib: { type: 'string', default: '1048576' },
      rounds: { type: 'string', default: '3' },
    },
  })
  const rounds = Number(values.rounds)
  if (values.store !== undefined) {
    await report(values.store, Number(values.blobs), Math.round(Number(values.kib) * 1024), rounds)
    return
  }
  await report('fs', 1, 2 ** 30, rounds)
  await report('sqlite', 1_000_000, 100, rounds)
}

async function report(store: string, blobs: number, byteLength: number, rounds: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lash-maintenance-'))
  const task = { store, blobs, byteLength, source: join(folder, 'source') }
  const run = async (job: Job, round: number) => {
    const target = join(folder, `${job.replaceAll(' ', '-')}-${round}`)
    const outcome = await inChild({ ...task, job, target })
    await rm(target, { recursive: true, force: true })
    return outcome
  }
  try {
    await run('fill', 0)
    for (const [ours, bare] of [
      ['verify', 'read and hash'],
      ['copy', 'read and put'],
    ] as const) {
      const ratios = { seconds: [] as number[], processorSeconds: [] as number[] }
      let peakMiB = 0
      for (let round = 0; round < rounds; round++) {
        const [mine, others] = [await run(ours, round), await run(bare, round)]
        for (const measure of ['seconds', 'processorSeconds'] as const)
          ratios[measure].push(others[measure] / mine[measure])
        peakMiB = Math.max(peakMiB, mine.peakMiB)
      }
      const isEnough = median(ratios.seconds) >= least && peakMiB <= promisedMiB
      if (!isEnough) process.exitCode = 1
      console.log(
        `${ours} of ${blobs} x ${byteLength} bytes on ${store}: ${median(ratios.seconds).toFixed(2)} of ${bare} in time, ` +
          `${median(ratios.processorSeconds).toFixed(2)} of processor time, ${peakMiB.toFixed(0)} MiB resident at most` +
          (isEnough ? '' : ': NOT ENOUGH'),
      )
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}

function inChild(task: Task): Promise<Outcome> {
  const child = fork(import.meta.filename)
  child.send(task)
  return new Promise((resolve, reject) => {
    child.on('message', outcome => resolve(outcome as Outcome))
    child.on('error', reject)
    child.on('exit', code => reject(new Error(`${task.job}: the measured process ended with ${code}`)))
  })
}

async function doHere(task: Task): Promise<void> {
  let peak = 0
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }
  const sampling = setInterval(sample, 20)
  await using source = opened(task.store, task.source)
  await using target = opened(task.store, task.target)
  const started = performance.now()
  const spent = process.cpuUsage()
  await work(task, source, target)
  const seconds = (performance.now() - started) / 1000
  clearInterval(sampling)
  sample()
  const { user, system } = process.cpuUsage(spent)
  const processorSeconds = (user + system) / 1e6
  process.send?.({ seconds, processorSeconds, peakMiB: peak / 2 ** 20 } satisfies Outcome)
  process.disconnect()
}

function opened(store: string, path: string): AttachmentStore {
  if (store === 'sqlite') return new SqliteAttachmentStore({ path })
  return new FileAttachmentStore(path, { durability: 'relaxed' })
}

async function work(task: Task, source: AttachmentStore, target: AttachmentStore): Promise<void> {
  switch (task.job) {
    case 'fill':
      return fill(source, task)
    case 'verify': {
      const { checkedCount, damaged } = await verifyStore(source)
      return expectAll(task, checkedCount, damaged.length)
    }
    case 'copy': {
      const { copiedCount, failures } = await copyStore(source, target)
      return expectAll(task, copiedCount, failures.length)
    }
    case 'read and hash':
      return eachListed(source, async ({ id, byteLength }) => {
        if (byteLength > 2 ** 20) for await (const _ of (await source.stream(id)).body);
        else contentId((await source.get(id, { verify: false })).bytes)
      })
    case 'read and put':
      return eachListed(source, async ({ id, byteLength }) => {
        if (byteLength > 2 ** 20) await target.put((await source.stream(id)).body, meta)
        else await target.put((await source.get(id, { verify: false })).bytes, meta)
      })
  }
}

async function fill(store: AttachmentStore, { blobs, byteLength }: Task): Promise<void> {
  for (let number = 0; number < blobs; ) {
    const numbers = Array.from({ length: Math.min(1000, blobs - number) }, () => number++)
    await concurrently(numbers, 100, async own => {
      if (byteLength > 2 ** 20) await store.put(generated(byteLength, 1), meta)
      else await store.put(Buffer.alloc(byteLength, `${own} `), meta)
    })
  }
}

function expectAll({ blobs }: Task, done: number, failed: number): void {
  if (done !== blobs || failed > 0) throw new Error(`${done} of ${blobs} were done, ${failed} failed`)
}

async function eachListed(store: AttachmentStore, call: (copy: AttachmentListing) => Promise<void>): Promise<void> {
  let copies: AttachmentListing[] = []
  for await (const copy of store.list()) {
    if (copies.push(copy) < 1000) continue
    await concurrently(copies, concurrency, call)
    copies = []
  }
  await concurrently(copies, concurrency, call)
}
