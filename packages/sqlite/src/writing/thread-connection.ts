import type { Operation } from './operations.ts'
import { packOperations } from './packed-operations.ts'
import type { CheckpointMode, Outcome } from './write-transaction.ts'
import { WriterThread } from './writer-thread.ts'
import type { WriterTarget } from './writer-worker.ts'

let lastNumber = 0
let open = 0

/** One database's connection on the writer thread, which all databases of the process share. Opened with its first request. */
export class ThreadConnection {
  readonly #target: WriterTarget
  #used = false
  #closed = false

  constructor(path: string) {
    this.#target = { number: ++lastNumber, path }
    open++
  }

  /** Starts the thread in the background. Returns whether it is there: nobody has to wait for its start any more. */
  wake(): boolean {
    if (WriterThread.isMissing) this.#ask('open').catch(() => {})
    return WriterThread.isReady
  }

  /** @throws as WriteTransaction.run does, or WriterThreadLost. */
  async run(operations: readonly Operation[], maxPages: number): Promise<Outcome[]> {
    const thread = this.#thread()
    const packed = packOperations(operations, thread.takeSpare())
    return thread.ask({ kind: 'run', target: this.#target, maxPages, ...packed }, [packed.buffer])
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
