import { parentPort, workerData } from 'node:worker_threads'
import type { Database } from 'better-sqlite3'
import { type ConnectionOptions, openConnection } from './connection.ts'
import { type Operation, Tables } from './operations.ts'
import type { SqliteFailure } from './sqlite-error.ts'
import { failureOf, type Outcome, WriteTransaction } from './write-transaction.ts'

/** What the writer thread is asked to do. One at a time; each is answered. */
export type WriterRequest =
  /** All bytes of the operations are in the one buffer, which comes back with the reply. */
  { kind: 'run'; operations: Operation[]; buffer: ArrayBuffer } | { kind: 'open' | 'checkpoint' | 'close' }
export type WriterReply = ({ outcomes: Outcome[] } | { failure: SqliteFailure }) & { buffer?: ArrayBuffer }

/**
 * The writer thread. A request holds all that its transaction needs, so that a transaction never waits in its middle for the
 * main thread, which may itself be waiting for the lock.
 */
class Writer {
  readonly #options: ConnectionOptions
  #database: Database | undefined
  #transaction: WriteTransaction | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  answer(request: WriterRequest): WriterReply {
    try {
      if (request.kind === 'run') return { outcomes: this.#open().run(request.operations) }
      if (request.kind === 'open') this.#open()
      else if (request.kind === 'checkpoint') this.#open().checkpoint()
      else this.#database?.close()
      return { outcomes: [] }
    } catch (error) {
      return { failure: failureOf(error) }
    }
  }

  #open(): WriteTransaction {
    if (this.#transaction !== undefined) return this.#transaction
    this.#database = openConnection(this.#options)
    this.#transaction = new WriteTransaction(this.#database, new Tables(this.#database))
    return this.#transaction
  }
}

const writer = new Writer(workerData as ConnectionOptions)
parentPort?.on('message', (request: WriterRequest) => {
  const reply = writer.answer(request)
  if (request.kind === 'run') parentPort?.postMessage({ ...reply, buffer: request.buffer }, [request.buffer])
  else parentPort?.postMessage(reply)
  if (request.kind === 'close') parentPort?.close()
})
