import { randomBytes } from 'node:crypto'
import type { OpenContender } from '../contenders/contender.ts'
import { attachmentsOfChat, type Cell } from './cell.ts'
import { generated } from './generated.ts'
import { LoopDelay } from './loop-delay.ts'
import { percentiles } from './statistics.ts'

/** Peers still write chunks when they take the next ones: the last 16 MiB of them stay as they are. */
const streamBuffers = 256

/** What one contender did in one cell, once. */
export interface Measurement {
  operations: number
  seconds: number
  /** Latency of one operation, in milliseconds. */
  p50: number
  p99: number
  /** How late the event loop was, 99th percentile, in milliseconds. */
  loopDelay: number
  /** How long the loop's thread had a processor meanwhile, 99th percentile, in milliseconds. */
  loopBusy: number
  /** Most memory resident above what the idle process had, in MiB. */
  peakMemory: number
}

/** Runs the cell's operations with so many in flight, on bytes that are made before the clock starts. */
export async function measure(contender: OpenContender, cell: Cell, count: number): Promise<Measurement | undefined> {
  switch (cell.operation) {
    case 'put':
      return timed(cell, count, body => contender.put(body))
    case 'put again':
      return timedAgain(contender, cell, count)
    case 'get':
      return timedGet(contender, cell, count)
    case 'stream in':
      return (
        contender.putStream && timedStream(cell, () => contender.putStream?.(generated(cell.byteLength, streamBuffers)))
      )
    case 'stream out':
      return timedStreamOut(contender, cell)
    case 'fork':
      return timedForks(contender, cell, count)
  }
}

/** Distinct bodies: one buffer that cannot be compressed, with a counter in front. Few are held at a time. */
function bodyMaker(byteLength: number): () => Buffer {
  const base = randomBytes(byteLength)
  const seed = randomBytes(8)
  let counter = 0
  return () => {
    const body = Buffer.from(base)
    seed.copy(body)
    body.writeUInt32LE(counter++, Math.min(8, byteLength - 4))
    return body
  }
}

/**
 * What runs before the clock starts, in milliseconds: hosts run for long, so nobody is measured while its code is
 * compiled.
 */
const warmUp = 150

async function warm(cell: Cell, run: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + warmUp
  const worker = async () => {
    do await run()
    while (performance.now() < end)
  }
  await Promise.all(Array.from({ length: cell.concurrency }, worker))
}

async function timed(cell: Cell, count: number, run: (body: Buffer) => Promise<unknown>): Promise<Measurement> {
  const make = bodyMaker(cell.byteLength)
  await warm(cell, () => run(make()))
  const bodies = Math.min(count, Math.ceil((256 * 1024 * 1024) / cell.byteLength))
  const batches: number[] = []
  for (let rest = count; rest > 0; rest -= bodies) batches.push(Math.min(bodies, rest))
  const recorder = new Recorder()
  for (const size of batches) {
    const made = Array.from({ length: size }, make)
    await recorder.run(made, cell.concurrency, run)
  }
  return recorder.result()
}

async function timedAgain(contender: OpenContender, cell: Cell, count: number): Promise<Measurement> {
  const make = bodyMaker(cell.byteLength)
  const bodies = Array.from({ length: Math.min(64, count) }, make)
  for (const body of bodies) await contender.put(body)
  const next = inTurn(bodies)
  await warm(cell, () => contender.put(next()))
  const recorder = new Recorder()
  await recorder.run(Array.from({ length: count }, next), cell.concurrency, body => contender.put(body))
  return recorder.result()
}

async function timedGet(contender: OpenContender, cell: Cell, count: number): Promise<Measurement | undefined> {
  const get = contender.get?.bind(contender)
  if (get === undefined) return undefined
  const make = bodyMaker(cell.byteLength)
  const keys: string[] = []
  const distinct = Math.min(count, 500, Math.ceil((128 * 1024 * 1024) / cell.byteLength))
  for (let index = 0; index < distinct; index++) keys.push(await contender.put(make()))
  const read = async (key: string) => {
    const bytes = await get(key)
    if (bytes.byteLength !== cell.byteLength) throw new Error(`read ${bytes.byteLength} bytes`)
  }
  const next = inTurn(keys)
  await warm(cell, () => read(next()))
  const recorder = new Recorder()
  await recorder.run(Array.from({ length: count }, next), cell.concurrency, read)
  return recorder.result()
}

async function timedStream(cell: Cell, run: () => Promise<unknown> | undefined): Promise<Measurement> {
  const recorder = new Recorder()
  await recorder.run([cell], 1, async () => {
    await run()
  })
  return recorder.result()
}

async function timedStreamOut(contender: OpenContender, cell: Cell): Promise<Measurement | undefined> {
  if (contender.putStream === undefined || contender.getStream === undefined) return undefined
  const key = await contender.putStream(generated(cell.byteLength, streamBuffers))
  return timedStream(cell, async () => {
    let total = 0
    for await (const chunk of (await contender.getStream?.(key)) ?? []) total += chunk.byteLength
    if (total !== cell.byteLength) throw new Error(`read ${total} bytes`)
  })
}

async function timedForks(contender: OpenContender, cell: Cell, count: number): Promise<Measurement | undefined> {
  const make = bodyMaker(cell.byteLength / attachmentsOfChat)
  const fork = await contender.chat?.(generatedBodies(make, attachmentsOfChat))
  if (fork === undefined) return undefined
  await warm(cell, fork)
  const recorder = new Recorder()
  await recorder.run(Array.from({ length: count }), cell.concurrency, fork)
  return recorder.result()
}

function* generatedBodies(make: () => Buffer, count: number): Generator<Buffer> {
  for (let index = 0; index < count; index++) yield make()
}

/** The values, one after the other, from the start again after the last. */
function inTurn<T>(values: readonly T[]): () => T {
  let index = 0
  return () => values[index++ % values.length] as T
}

/** Times operations, over one or more runs. */
class Recorder {
  readonly #latencies: number[] = []
  readonly #delay = new LoopDelay()
  readonly #idleMemory = process.memoryUsage.rss()
  #seconds = 0
  #peak = 0

  async run<T>(inputs: Iterable<T>, concurrency: number, operation: (input: T) => Promise<unknown>): Promise<void> {
    const waiting = inputs[Symbol.iterator]()
    const worker = async () => {
      for (let next = waiting.next(); !next.done; next = waiting.next()) {
        const started = performance.now()
        await operation(next.value)
        this.#latencies.push(performance.now() - started)
      }
    }
    const sampling = setInterval(() => this.#sample(), 10)
    this.#delay.start()
    const started = performance.now()
    await Promise.all(Array.from({ length: concurrency }, worker))
    this.#seconds += (performance.now() - started) / 1000
    this.#delay.stop()
    clearInterval(sampling)
    this.#sample()
  }

  #sample(): void {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss())
  }

  result(): Measurement {
    const [p50, p99] = percentiles(this.#latencies, [0.5, 0.99])
    const [loopDelay] = percentiles(this.#delay.delays, [0.99])
    const [loopBusy] = percentiles(this.#delay.busy, [0.99])
    return {
      operations: this.#latencies.length,
      seconds: this.#seconds,
      p50,
      p99,
      loopDelay,
      loopBusy,
      peakMemory: (this.#peak - this.#idleMemory) / (1024 * 1024),
    }
  }
}
