import { Worker } from 'node:worker_threads'
import type { ConnectionOptions } from './connection.ts'
import type { Operation } from './operations.ts'
import { packOperations } from './packed-operations.ts'
import { errorOf, type Outcome } from './write-transaction.ts'
import type { WriterReply, WriterRequest } from './writer-worker.ts'

/** The thread ended without an answer. Whether the operations were done is not known. */
export class WriterThreadLost extends Error {
  /** Whether the thread has ever answered. If not, nothing was done, and threads do not work here. */
  readonly hadAnswered: boolean

  constructor(cause: unknown, hadAnswered: boolean) {
    super(`the writer thread ended: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.hadAnswered = hadAnswered
  }
}

/** A buffer up to this size is kept for the next request. */
const maxSpareBytes = 8 * 1024 * 1024

interface Waiting {
  resolve(outcomes: Outcome[]): void
  reject(error: unknown): void
}

/** The main thread's end of the writer thread, which starts with the first request. Requests are answered in their order. */
export class WriterThread {
  readonly #options: ConnectionOptions
  #worker: Worker | undefined
  #waiting: Waiting[] = []
  #hasStarted = false
  #hasAnswered = false
  #spare: ArrayBuffer | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** Starts the thread in the background, once. Returns whether it is there: nobody has to wait for its start any more. */
  wake(): boolean {
    if (!this.#hasStarted) this.#ask({ kind: 'open' }).catch(() => {})
    return this.#hasAnswered
  }

  /** @throws as WriteTransaction.run does, or {@link WriterThreadLost}. */
  run(operations: readonly Operation[]): Promise<Outcome[]> {
    const packed = packOperations(operations, this.#spare)
    this.#spare = undefined
    return this.#ask({ kind: 'run', ...packed }, [packed.buffer])
  }

  async checkpoint(): Promise<void> {
    await this.#ask({ kind: 'checkpoint' })
  }

  /** Closes the connection and ends the thread. */
  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    try {
      // Here, so that the last connection, on the event loop's thread, finds little to do when it is closed.
      await this.#ask({ kind: 'checkpoint' })
      await this.#ask({ kind: 'close' })
    } catch {
      // What is committed is in the log, and stays there until the file is opened again.
    } finally {
      this.#worker = undefined
      await worker.terminate()
    }
  }

  #ask(request: WriterRequest, transfer: readonly ArrayBuffer[] = []): Promise<Outcome[]> {
    return new Promise((resolve, reject) => {
      const worker = this.#startOrLose()
      this.#waiting.push({ resolve, reject })
      worker.ref()
      worker.postMessage(request, transfer)
    })
  }

  #startOrLose(): Worker {
    try {
      return this.#start()
    } catch (error) {
      // A process that may not have threads (`node --permission`) is told at once.
      throw new WriterThreadLost(error, this.#hasAnswered)
    }
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker
    this.#hasStarted = true
    // From source this file is .ts, as published it is .js, and so is the worker beside it.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./writer-worker.${extension}`, import.meta.url), {
      workerData: this.#options,
      name: 'attachments-sqlite',
    })
    worker.on('message', (reply: WriterReply) => this.#answered(worker, reply))
    worker.on('error', error => this.#lost(worker, error))
    worker.on('exit', code => this.#lost(worker, `exit code ${code}`))
    this.#worker = worker
    return worker
  }

  #answered(worker: Worker, reply: WriterReply): void {
    this.#hasAnswered = true
    if (reply.buffer !== undefined && reply.buffer.byteLength <= maxSpareBytes) this.#spare = reply.buffer
    const waiting = this.#waiting.shift()
    // An idle thread must not keep the process alive.
    if (this.#waiting.length === 0) worker.unref()
    if ('outcomes' in reply) waiting?.resolve(reply.outcomes)
    else waiting?.reject(errorOf(reply.failure))
  }

  #lost(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    const error = new WriterThreadLost(cause, this.#hasAnswered)
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
  }
}
