import type { Read } from '../reading/read-group.ts'
import type { Operation } from '../writing/operations.ts'
import type { Outcome } from '../writing/outcome.ts'
import type { CheckpointMode } from '../writing/write-transaction.ts'
import { packOperations } from './packed-operations.ts'
import { type ThreadUse, WriterThread, WriterThreadLost } from './writer-thread.ts'
import type { ReadAnswer, WriterAnswer, WriterTarget } from './writer-worker.ts'

let lastNumber = 0
let open = 0

/**
 * A database's connections on the threads that all databases of the process share: one thread writes, one moves logs
 * meanwhile, and one reads while the disk is slow. The first request opens a connection.
 */
export class ThreadConnection {
  readonly #target: WriterTarget
  #works = true
  readonly #used = new Set<ThreadUse>()
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
  wake(use: ThreadUse): boolean {
    if (WriterThread.isMissing(use))
      this.#ask(use, thread => thread.ask({ kind: 'open', target: this.#target })).catch(() => {})
    return WriterThread.isReady(use)
  }

  /** @throws as WriteTransaction.run does, or WriterThreadLost. */
  async run(operations: readonly Operation[], maxPages: number): Promise<Outcome[]> {
    const { outcomes } = (await this.#ask('write', thread => {
      const packed = packOperations(operations, thread.takeSpare())
      return thread.ask({ kind: 'run', target: this.#target, maxPages, ...packed }, [packed.buffer])
    })) as { outcomes: Outcome[] }
    return outcomes
  }

  /** Waits for nothing that is being written. @throws WriterThreadLost, or what kept it from opening. */
  async read(reads: readonly Read[]): Promise<ReadAnswer> {
    return (await this.#ask('read', thread => thread.ask({ kind: 'read', target: this.#target, reads }))) as ReadAnswer
  }

  /** Moves the log to the database while others write. */
  async moveLog(): Promise<void> {
    await this.#ask('move', thread => thread.ask({ kind: 'move', target: this.#target }))
  }

  async checkpoint(mode?: CheckpointMode): Promise<void> {
    const use = WriterThread.isReady('write') ? 'write' : 'move'
    await this.#ask(use, thread => thread.ask({ kind: 'checkpoint', target: this.#target, mode }))
  }

  /** Closes the connection; the last one of the process ends the thread. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    open--
    try {
      // Here, so that the last connection, on the event loop's thread, finds little to do when it is closed.
      if (this.#isUsed('write') || this.#isUsed('move')) await this.checkpoint()
      for (const use of this.#used) if (this.#isUsed(use)) await this.#closeOn(use)
    } catch {
      // What is committed is in the log, and stays there until the file is opened again.
    } finally {
      if (open === 0) await WriterThread.endShared()
    }
  }

  #isUsed(use: ThreadUse): boolean {
    return this.#used.has(use) && WriterThread.isReady(use)
  }

  async #closeOn(use: ThreadUse): Promise<void> {
    await this.#ask(use, thread => thread.ask({ kind: 'close', target: this.#target }))
  }

  async #ask(use: ThreadUse, request: (thread: WriterThread) => Promise<WriterAnswer>): Promise<WriterAnswer> {
    this.#used.add(use)
    try {
      return await request(WriterThread.shared(use))
    } catch (error) {
      if (error instanceof WriterThreadLost && !error.hadAnswered) this.#works = false
      throw error
    }
  }
}
