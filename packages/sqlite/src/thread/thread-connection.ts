import type { Operation } from '../writing/operations.ts'
import type { Outcome } from '../writing/outcome.ts'
import type { CheckpointMode } from '../writing/write-transaction.ts'
import { packOperations } from './packed-operations.ts'
import { WriterThread, WriterThreadLost } from './writer-thread.ts'
import type { WriterTarget } from './writer-worker.ts'

let lastNumber = 0
let open = 0

/**
 * A database's connection on the writer thread, which all databases of the process share. Its first request opens it.
 */
export class ThreadConnection {
  readonly #target: WriterTarget
  #works = true
  #used = false
  #closed = false

  constructor(path: string) {
    this.#target = { number: ++lastNumber, path }
    open++
  }

  /** False once threads have turned out not to work here: a bundle lacks the worker's file, or they are forbidden. */
  get works(): boolean {
    return this.#works
  }

  /** Starts the thread in the background. Returns whether it is there, so that nobody has to wait for its start. */
  wake(): boolean {
    if (WriterThread.isMissing) this.#ask('open').catch(() => {})
    return WriterThread.isReady
  }

  /** @throws as WriteTransaction.run does, or WriterThreadLost. */
  async run(operations: readonly Operation[], maxPages: number): Promise<Outcome[]> {
    try {
      const thread = this.#thread()
      const packed = packOperations(operations, thread.takeSpare())
      return await thread.ask({ kind: 'run', target: this.#target, maxPages, ...packed }, [packed.buffer])
    } catch (error) {
      if (error instanceof WriterThreadLost && !error.hadAnswered) this.#works = false
      throw error
    }
  }

  async checkpoint(mode?: CheckpointMode): Promise<void> {
    await this.#thread().ask({ kind: 'checkpoint', target: this.#target, mode })
  }

  /** Closes the connection; the last one of the process ends the thread. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    open--
    try {
      if (this.#used && WriterThread.isReady) {
        // Here, so that the last connection, on the event loop's thread, finds little to do when it is closed.
        await this.checkpoint()
        await this.#ask('close')
      }
    } catch {
      // What is committed is in the log, and stays there until the file is opened again.
    } finally {
      if (open === 0) await WriterThread.endShared()
    }
  }

  async #ask(kind: 'open' | 'close'): Promise<Outcome[]> {
    return this.#thread().ask({ kind, target: this.#target })
  }

  #thread(): WriterThread {
    this.#used = true
    return WriterThread.shared()
  }
}
