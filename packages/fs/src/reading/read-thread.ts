import { Worker } from 'node:worker_threads'
import type { ReadReply, ReadRequest } from './read-worker.ts'

/** A thread that has had nothing to do for so long ends: it holds 30 to 50 MiB. In milliseconds. */
const idleMs = 10_000

/** A thread that reads files and hashes them, one after the other. */
export class ReadThread {
  readonly #worker: Worker
  readonly #waiting: ((reply: ReadReply) => void)[] = []
  readonly #idle: NodeJS.Timeout
  /** Whether it has started, so that nobody has to wait for that. */
  isReady = false

  /** @param onEnd is called when it has ended, for whatever reason, before what was asked is answered with nothing. */
  constructor(onEnd: (thread: ReadThread) => void) {
    // From source this file is .ts, as published it is .js, and so is the worker beside it.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const worker = new Worker(new URL(`./read-worker.${extension}`, import.meta.url), { name: 'attachments-fs read' })
    const end = () => {
      clearTimeout(this.#idle)
      onEnd(this)
      for (const answer of this.#waiting.splice(0)) answer(undefined)
    }
    worker.on('message', (reply: ReadReply) => this.#answered(reply))
    worker.on('error', end)
    worker.on('exit', end)
    // An idle thread must not keep the process alive.
    worker.unref()
    this.#worker = worker
    this.#idle = setTimeout(() => {
      if (this.load > 0) return
      onEnd(this)
      void worker.terminate()
    }, idleMs).unref()
  }

  /** How many requests it has not answered yet. */
  get load(): number {
    return this.#waiting.length
  }

  ask(request: ReadRequest): Promise<ReadReply> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      this.#worker.ref()
      this.#worker.postMessage(request)
    })
  }

  #answered(reply: ReadReply): void {
    this.isReady = true
    const answer = this.#waiting.shift()
    if (this.load === 0) this.#worker.unref()
    this.#idle.refresh()
    answer?.(reply)
  }
}
