import { Worker } from 'node:worker_threads'
import { errorOf } from '../writing/outcome.ts'
import type { WriterAnswer, WriterReply, WriterRequest } from './writer-worker.ts'

/** The thread ended without an answer, so nobody knows whether the operations were done. */
export class WriterThreadLost extends Error {
  /** Whether a writer thread of this process has ever answered. If not, nothing was done: threads do not work here. */
  readonly hadAnswered: boolean

  constructor(cause: unknown) {
    super(`the writer thread ended: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.hadAnswered = hasAnswered
  }
}

/** A buffer up to this size is kept for the next request: twice what a group weighs. */
const maxSpareBytes = 8 * 1024 * 1024
/** A thread that has had nothing to do for so long ends: it holds some 25 MB. In milliseconds. */
const idleMs = 10_000

/** Whether threads work here. */
let hasAnswered = false
let hasFailed = false

/** What a thread is for: a read waits for no write, and no write for the log to be moved. */
export type ThreadUse = 'write' | 'read' | 'move'
const current = new Map<ThreadUse, WriterThread>()

interface Waiting {
  resolve(answer: WriterAnswer): void
  reject(error: unknown): void
}

/** The main thread's end of a writer thread, or of one with another use. Requests are answered in their order. */
export class WriterThread {
  readonly #use: ThreadUse
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  readonly #idle: NodeJS.Timeout
  hasAnswered = false
  #ending = false
  #spare: ArrayBuffer | undefined

  /** The one that all databases of this process share, started if need be. @throws {@link WriterThreadLost} */
  static shared(use: ThreadUse): WriterThread {
    try {
      const thread = current.get(use) ?? new WriterThread(use)
      current.set(use, thread)
      return thread
    } catch (error) {
      // A process that may not have threads (`node --permission`) is told at once.
      hasFailed = true
      throw new WriterThreadLost(error)
    }
  }

  /** Whether it has started, so that nobody has to wait for that. */
  static isReady(use: ThreadUse): boolean {
    return current.get(use)?.hasAnswered === true
  }

  /** Whether there is none, and it is worth starting one in the background. */
  static isMissing(use: ThreadUse): boolean {
    return !current.has(use) && (hasAnswered || !hasFailed)
  }

  /** Ends those that are shared. */
  static async endShared(): Promise<void> {
    await Promise.all([...current.values()].map(thread => thread.end()))
  }

  private constructor(use: ThreadUse) {
    this.#use = use
    // From source this file is .ts, as published it is .js, and so is the worker beside it.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const url = new URL(`./writer-worker.${extension}`, import.meta.url)
    const worker = new Worker(url, { name: `attachments-sqlite ${use}` })
    worker.on('message', (reply: WriterReply) => this.#answered(reply))
    worker.on('error', error => this.#lost(error))
    worker.on('exit', code => this.#lost(`exit code ${code}`))
    this.#worker = worker
    this.#idle = setTimeout(() => {
      if (this.#waiting.length === 0) void this.end()
    }, idleMs).unref()
  }

  /** A buffer to be sent with a request, if one is left of an earlier one. */
  takeSpare(): ArrayBuffer | undefined {
    const spare = this.#spare
    this.#spare = undefined
    return spare
  }

  /** @throws the failure of the request, or {@link WriterThreadLost}. */
  ask(request: WriterRequest, transfer: readonly ArrayBuffer[] = []): Promise<WriterAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#worker.ref()
      this.#worker.postMessage(request, transfer)
    })
  }

  #answered(reply: WriterReply): void {
    this.hasAnswered = true
    hasAnswered = true
    if (reply.buffer !== undefined && reply.buffer.byteLength <= maxSpareBytes) this.#spare = reply.buffer
    const waiting = this.#waiting.shift()
    if (!this.#ending) this.#idle.refresh()
    // An idle thread must not keep the process alive.
    if (this.#waiting.length === 0) this.#worker.unref()
    if ('failure' in reply) waiting?.reject(errorOf(reply.failure))
    else waiting?.resolve(reply)
  }

  /** Whoever needs a thread from here on starts another. */
  async end(): Promise<void> {
    this.#forget()
    try {
      await this.ask({ kind: 'end' })
    } catch {
      // What is committed is in the log, and stays there until the file is opened again.
    } finally {
      await this.#worker.terminate()
    }
  }

  #forget(): void {
    this.#ending = true
    clearTimeout(this.#idle)
    if (current.get(this.#use) === this) current.delete(this.#use)
  }

  #lost(cause: unknown): void {
    this.#forget()
    if (!hasAnswered) hasFailed = true
    const error = new WriterThreadLost(cause)
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
  }
}
