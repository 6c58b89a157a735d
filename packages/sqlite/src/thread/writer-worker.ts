import { parentPort } from 'node:worker_threads'
import type { Database } from 'better-sqlite3'
import { openConnection } from '../database/connection.ts'
import type { SqliteFailure } from '../database/sqlite-error.ts'
import { Tables } from '../database/tables.ts'
import { type Read, ReadGroup } from '../reading/read-group.ts'
import { waitOf } from '../reading/wait.ts'
import type { Operation } from '../writing/operations.ts'
import { failureOf, type Outcome } from '../writing/outcome.ts'
import { type CheckpointMode, WriteTransaction } from '../writing/write-transaction.ts'

/** A database as the writer thread knows it. */
export interface WriterTarget {
  /** Of this process, never used twice. */
  readonly number: number
  readonly path: string
}

interface RunRequest {
  kind: 'run'
  target: WriterTarget
  operations: Operation[]
  maxPages: number
  /** All bytes of the operations are in it. It comes back with the reply. */
  buffer: ArrayBuffer
}

interface ReadRequest {
  kind: 'read'
  target: WriterTarget
  reads: readonly Read[]
}

export interface ReadAnswer {
  /** Of each read, unless it failed: what it gave. */
  results: ({ value: unknown } | undefined)[]
  /** How long they waited, in milliseconds. */
  waitMs: number
}

/** What the writer thread is asked to do. One at a time; each is answered. */
export type WriterRequest =
  | RunRequest
  | ReadRequest
  | { kind: 'open' | 'move' | 'close'; target: WriterTarget }
  | { kind: 'checkpoint'; target: WriterTarget; mode: CheckpointMode | undefined }
  | { kind: 'end' }
/** What came of operations, or of reads. */
export type WriterAnswer = { outcomes: Outcome[] } | ReadAnswer
export type WriterReply = (WriterAnswer | { failure: SqliteFailure }) & { buffer?: ArrayBuffer }

/** How long it waits for a lock. Not long: other databases, which are not locked, may have something to write. */
const busyTimeoutMs = 20
/** Connections kept open for databases that may want to write again: each has a cache of up to 8 MiB. */
const keptConnections = 8

interface Writer {
  database: Database
  transaction: WriteTransaction
  reads: ReadGroup
}

/**
 * The writer thread, or one with another use. A request holds all that its transaction needs, so that a transaction
 * never waits in its middle for the main thread, which may itself be waiting for the lock.
 */
class Writers {
  /** By number; the one that wrote last comes last. */
  readonly #open = new Map<number, Writer>()

  answer(request: WriterRequest): WriterReply {
    try {
      if (request.kind === 'run') return { outcomes: this.#run(request) }
      if (request.kind === 'read') return this.#read(request)
      if (request.kind === 'open') this.#writer(request.target)
      else if (request.kind === 'checkpoint') this.#writer(request.target).transaction.checkpoint(request.mode)
      else if (request.kind === 'move') this.#writer(request.target).transaction.moveLog()
      else if (request.kind === 'close') this.#close(request.target.number)
      else for (const number of [...this.#open.keys()]) this.#close(number)
      return { outcomes: [] }
    } catch (error) {
      return { failure: failureOf(error) }
    }
  }

  #run({ target, operations, maxPages }: RunRequest): Outcome[] {
    return this.#writer(target).transaction.run(operations, maxPages)
  }

  #read({ target, reads }: ReadRequest): ReadAnswer {
    const group = this.#writer(target).reads
    const results: ReadAnswer['results'] = []
    const answer = (read: Read) => {
      try {
        results.push({ value: group.query(read) })
      } catch {
        results.push(undefined)
      }
    }
    const waitMs = waitOf(() => group.run(reads, answer))
    return { results, waitMs }
  }

  #writer({ number, path }: WriterTarget): Writer {
    const writer = this.#open.get(number) ?? openWriter(path)
    this.#open.delete(number)
    this.#open.set(number, writer)
    if (this.#open.size > keptConnections) this.#close(this.#open.keys().next().value as number)
    return writer
  }

  /** Costs little: the main thread has the database open, so nothing is moved from its log. */
  #close(number: number): void {
    this.#open.get(number)?.database.close()
    this.#open.delete(number)
  }
}

function openWriter(path: string): Writer {
  const database = openConnection({ path, busyTimeoutMs, fileMustExist: true })
  try {
    const tables = new Tables(database)
    const transaction = new WriteTransaction(database, tables)
    return { database, transaction, reads: new ReadGroup(database, tables) }
  } catch (error) {
    database.close()
    throw error
  }
}

const writers = new Writers()
parentPort?.on('message', (request: WriterRequest) => {
  const reply = writers.answer(request)
  if (request.kind === 'run') parentPort?.postMessage({ ...reply, buffer: request.buffer }, [request.buffer])
  else parentPort?.postMessage(reply)
})
