import type { AttachmentStoreError } from '@lash/attachments-core'
import { LoopYield } from '@lash/attachments-core/backend'
import { retryWhileBusy } from '../database/retry-while-busy.ts'
import { isBusy } from '../database/sqlite-error.ts'
import type { ThreadConnection } from '../thread/thread-connection.ts'
import type { Read, ReadGroup } from './read-group.ts'
import { waitOf } from './wait.ts'

/** Reads that wait longer must not hold up the event loop; most take a hundredth. In milliseconds. */
const slowReadMs = 5
/** One turn in so many is timed, as long as none was slow: clocks would take a twentieth of a read. */
const timedTurns = 8
/** The first slow turn may be a long read, the second a pause of the machine. After the third, reads leave. */
const slowTurns = 3
/** So many quick reads make up for a slow turn: had it not been the disk's fault, they would cost about as much. */
const forgiveness = 1000

interface Waiting extends Read {
  resolve(result: unknown): void
}

export interface ReadQueueOptions {
  group: ReadGroup
  /** None for a database that only this connection can see. */
  thread: ThreadConnection | undefined
  busyTimeoutMs: number
  /** Any error as one of ours. */
  error(cause: unknown): AttachmentStoreError
}

/**
 * Reads that are asked for in one turn run together: here and now, since most take less than the hop to another thread,
 * or while the disk is slow on a thread. Each sees everything that was committed before it was asked for.
 */
export class ReadQueue {
  readonly #options: ReadQueueOptions
  readonly #loopYield = new LoopYield()
  readonly #onThread = new Set<Promise<void>>()
  #waiting: Waiting[] = []
  #turns = 0
  #slow = 0
  #toForgive = 0

  constructor(options: ReadQueueOptions) {
    this.#options = options
  }

  submit(table: Read['table'], method: Read['method'], args: Read['args']): Promise<unknown> {
    return new Promise(resolve => {
      this.#waiting.push({ table, method, args, resolve })
      if (this.#waiting.length === 1) queueMicrotask(() => this.#read())
    })
  }

  /** Waits for what a thread has been asked. */
  async close(): Promise<void> {
    await Promise.all(this.#onThread)
  }

  #read(): void {
    const turn = this.#loopYield.beforeStep()
    if (turn !== undefined) return void turn.then(() => this.#read())
    const reads = this.#waiting
    this.#waiting = []
    const { thread } = this.#options
    if (this.#slow < slowTurns || !thread?.works) {
      this.#readHere(reads)
    } else {
      const reading = this.#readOnThread(reads, thread).finally(() => this.#onThread.delete(reading))
      this.#onThread.add(reading)
    }
  }

  #readHere(reads: readonly Waiting[]): void {
    const { group } = this.#options
    if (this.#slow > 0) {
      const waitMs = waitOf(() => group.run(reads, this.#answer))
      this.#notice(waitMs, reads.length)
    } else if (this.#turns++ % timedTurns === 0) {
      const started = performance.now()
      group.run(reads, this.#answer)
      this.#notice(performance.now() - started, reads.length)
    } else {
      group.run(reads, this.#answer)
    }
  }

  readonly #answer = (waiting: Waiting): void => {
    try {
      waiting.resolve(this.#options.group.query(waiting))
    } catch (error) {
      waiting.resolve(this.#retry(waiting, error))
    }
  }

  async #readOnThread(reads: readonly Waiting[], thread: ThreadConnection): Promise<void> {
    let left = reads
    try {
      const { results, waitMs } = await thread.read(reads.map(({ table, method, args }) => ({ table, method, args })))
      this.#notice(waitMs, reads.length)
      left = reads.filter(({ resolve }, index) => {
        const result = results[index]
        if (result !== undefined) resolve(result.value)
        return result === undefined
      })
    } catch {
      // The thread is lost. A read changes nothing, and may be done again.
    }
    // What failed fails here in its own words, or waits for the lock.
    if (left.length > 0) this.#readHere(left)
  }

  #notice(waitMs: number, reads: number): void {
    if (waitMs > slowReadMs) {
      this.#slow++
      this.#toForgive = forgiveness
    } else if (this.#slow > 0) {
      this.#toForgive -= reads
      if (this.#toForgive <= 0) this.#slow = 0
    }
  }

  /** Waits for the lock of a process that recovers or closes the file, without blocking the thread. */
  async #retry(read: Read, first: unknown): Promise<unknown> {
    const { group, busyTimeoutMs } = this.#options
    try {
      if (!isBusy(first)) throw first
      return await retryWhileBusy(busyTimeoutMs, () => group.query(read))
    } catch (error) {
      throw this.#options.error(error)
    }
  }
}
