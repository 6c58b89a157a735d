import { randomBytes } from 'node:crypto'
import type { OpenContender } from '../contenders/contender.ts'
import { attachmentsOfChat, type Cell } from './cell.ts'
import { generated } from './generated.ts'
import { LoopDelay } from './loop-delay.ts'
import { percentiles } from './statistics.ts'

/** Peers still write chunks when they take the next ones: the last 16 MiB of them stay as they are. */
const streamBuffers = 256

/** What one contender did in one cell, in one turn. */
export interface Measurement {
  operations: number
  seconds: number
  /** Latency of one operation, in milliseconds. */
  p50: number
  p99: number
  /** Time that all threads of the process had a processor, for one operation, in milliseconds; of servers, nothing. */
  processor: number
  /** How late the event loop was, 99th percentile, in milliseconds. */
  loopDelay: number
  /** How long the loop's thread had a processor meanwhile, 99th percentile, in milliseconds. */
  loopBusy: number
  /** Most memory resident above what the idle process had, in MiB. */
  peakMemory: number
}

/** A contender that is ready for turns in a cell. */
export interface Prepared {
  /** How fast its code was while it was warmed up; undefined where it was not, since one operation takes seconds. */
  readonly opsPerSecond?: number
  /** Takes a turn: so many of the cell's operations, on bytes that are made before the clock starts. */
  run(count: number): Promise<Measurement>
}

/** Puts what reads will read, and warms up. Undefined where the contender cannot do what the cell asks for. */
export async function prepare(contender: OpenContender, cell: Cell): Promise<Prepared | undefined> {
  switch (cell.operation) {
    case 'put': {
      const make = bodyMaker(cell.byteLength)
      return warmed(cell, make, body => contender.put(body))
    }
    case 'put again': {
      const make = bodyMaker(cell.byteLength)
      const bodies = Array.from({ length: 64 }, make)
      await inLanes(bodies, cell.concurrency, body => contender.put(body))
      return warmed(cell, inTurn(bodies), body => contender.put(body))
    }
    case 'get':
      return contender.get && preparedGet(contender, contender.get.bind(contender), cell)
    case 'stream in':
      return (
        contender.putStream && streaming(cell, () => contender.putStream?.(generated(cell.byteLength, streamBuffers)))
      )
    case 'stream out':
      return preparedStreamOut(contender, cell)
    case 'fork':
      return preparedForks(contender, cell)
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

async function warmed<T>(cell: Cell, next: () => T, operation: (input: T) => Promise<unknown>): Promise<Prepared> {
  const started = performance.now()
  const end = started + warmUp
  let done = 0
  const lane = async () => {
    do {
      await operation(next())
      done++
    } while (performance.now() < end)
  }
  await Promise.all(Array.from({ length: cell.concurrency }, lane))
  const opsPerSecond = (done * 1000) / (performance.now() - started)
  return { opsPerSecond, run: count => turn(cell, count, next, operation) }
}

async function turn<T>(
  cell: Cell,
  count: number,
  next: () => T,
  operation: (input: T) => Promise<unknown>,
): Promise<Measurement> {
  const atOnce = Math.ceil((256 * 1024 * 1024) / cell.byteLength)
  const recorder = new Recorder()
  for (let rest = count; rest > 0; rest -= atOnce) {
    const made = Array.from({ length: Math.min(atOnce, rest) }, next)
    await recorder.run(made, cell.concurrency, operation)
  }
  return recorder.result()
}

async function preparedGet(
  contender: OpenContender,
  get: NonNullable<OpenContender['get']>,
  cell: Cell,
): Promise<Prepared> {
  const distinct = Math.min(500, Math.ceil((128 * 1024 * 1024) / cell.byteLength))
  const make = bodyMaker(cell.byteLength)
  const keys: string[] = []
  await inLanes(Array.from({ length: distinct }), 32, async () => {
    keys.push(await contender.put(make()))
  })
  return warmed(cell, inTurn(keys), async key => {
    const bytes = await get(key)
    if (bytes.byteLength !== cell.byteLength) throw new Error(`read ${bytes.byteLength} bytes`)
  })
}

function streaming(cell: Cell, run: () => Promise<unknown> | undefined): Prepared {
  return {
    run: count =>
      turn(
        cell,
        count,
        () => undefined,
        async () => run(),
      ),
  }
}

async function preparedStreamOut(contender: OpenContender, cell: Cell): Promise<Prepared | undefined> {
  if (contender.putStream === undefined || contender.getStream === undefined) return undefined
  const key = await contender.putStream(generated(cell.byteLength, streamBuffers))
  return streaming(cell, async () => {
    let total = 0
    for await (const chunk of (await contender.getStream?.(key)) ?? []) total += chunk.byteLength
    if (total !== cell.byteLength) throw new Error(`read ${total} bytes`)
  })
}

async function preparedForks(contender: OpenContender, cell: Cell): Promise<Prepared | undefined> {
  const make = bodyMaker(cell.byteLength / attachmentsOfChat)
  const fork = await contender.chat?.(generatedBodies(make, attachmentsOfChat))
  return fork && warmed(cell, () => undefined, fork)
}

function* generatedBodies(make: () => Buffer, count: number): Generator<Buffer> {
  for (let index = 0; index < count; index++) yield make()
}

/** The values, one after the other, from the start again after the last. */
function inTurn<T>(values: readonly T[]): () => T {
  let index = 0
  return () => values[index++ % values.length] as T
}

/** Calls the operation for each input, with so many calls at a time. */
async function inLanes<T>(
  inputs: Iterable<T>,
  concurrency: number,
  operation: (input: T) => Promise<unknown>,
): Promise<void> {
  const waiting = inputs[Symbol.iterator]()
  const lane = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await operation(next.value)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
}

/** Times operations, over one or more runs. */
class Recorder {
  readonly #latencies: number[] = []
  readonly #delay = new LoopDelay()
  readonly #idleMemory = process.memoryUsage.rss()
  #seconds = 0
  #processor = 0
  #peak = 0

  async run<T>(inputs: Iterable<T>, concurrency: number, operation: (input: T) => Promise<unknown>): Promise<void> {
    const sampling = setInterval(() => this.#sample(), 10)
    this.#delay.start()
    const before = process.cpuUsage()
    const started = performance.now()
    await inLanes(inputs, concurrency, async input => {
      const called = performance.now()
      await operation(input)
      this.#latencies.push(performance.now() - called)
    })
    this.#seconds += (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(before)
    this.#processor += (user + system) / 1000
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
      processor: this.#processor / this.#latencies.length,
      loopDelay,
      loopBusy,
      peakMemory: (this.#peak - this.#idleMemory) / (1024 * 1024),
    }
  }
}
