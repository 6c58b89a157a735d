import { AttachmentBackendError } from '@lash/attachments-core'
import { Pace } from '@lash/attachments-core/backend'
import { longLogBytes } from './connection.ts'
import type { Operation, OperationKind, OperationRequest, OperationResult } from './operations.ts'
import { isBusy } from './sqlite-error.ts'
import type { ThreadConnection } from './thread-connection.ts'
import { errorOf, failureOf, type Outcome, type WriteTransaction } from './write-transaction.ts'
import { WriterThreadLost } from './writer-thread.ts'

/** What a group may weigh to be written on the event loop's thread: about 2 ms of work. */
const inPlaceWeight = 256 * 1024
/** What one transaction may weigh: who comes next waits for it, and so does every other process. */
const groupWeight = 4 * 1024 * 1024
/** What an operation weighs beside its bytes: the rows and pages that it touches. */
const baseWeight = 4 * 1024
/** How often to look at the length of the log, in weight; looking costs as much as a small operation. */
const logLookWeight = 512 * 1024
/** What the log holds when it is moved to the database: so little that SQLite writes over the same part of the disk again and again. */
const checkpointBytes = 16 * 1024 * 1024
/** How much longer the log becomes, where it could not be begun anew, before it is tried again; of a very long one, an eighth. */
const retryBytes = 4 * 1024 * 1024
/** A disk whose sync takes longer must not hold up the event loop. In milliseconds. */
const slowCommitMs = 5
/** A slow commit is forgotten by so much with each that follows: after one of 100 ms, the next 30 go to the thread. */
const forgetting = 0.9

interface Waiting {
  operation: Operation
  weight: number
  resolve(value: never): void
  reject(error: unknown): void
  signal: AbortSignal | undefined
}

export interface SubmitOptions {
  /** About how many bytes it writes. */
  weight?: number
  /** Takes the operation back while it waits. Once it runs it is done. */
  signal?: AbortSignal | undefined
}

/**
 * Group commit. What is submitted in one turn, or while a group is being written, shares the next transaction and its one sync.
 * A small group is written in place, at once: a lone caller would pay twice for a hop to another thread. A big one, and
 * everything while the thread is busy, goes to the writer thread. A promise resolves when its commit is on the disk.
 */
export class WriteQueue {
  readonly #transaction: WriteTransaction
  readonly #thread: ThreadConnection | undefined
  readonly #busyTimeoutMs: number
  readonly #isHandBusy: () => boolean
  /** A sync in place takes a turn of the event loop with it, so of many puts that follow each other only some go at once. */
  readonly #pace = new Pace()
  #waiting: Waiting[] = []
  #scheduled = false
  #writing = false
  #threadWorks: boolean
  #sinceLook = 0
  /** Length of the log when it was last moved; 0 once it has begun anew. */
  #movedAt = 0
  #slowestCommitMs = 0
  #idle: (() => void) | undefined

  /**
   * @param thread none for a database that only this connection can see.
   * @param isHandBusy whether the connection, being a host's, is in the midst of a transaction of the host's.
   */
  constructor(
    transaction: WriteTransaction,
    thread: ThreadConnection | undefined,
    busyTimeoutMs: number,
    isHandBusy: () => boolean,
  ) {
    this.#transaction = transaction
    this.#thread = thread
    this.#threadWorks = thread !== undefined
    this.#busyTimeoutMs = busyTimeoutMs
    this.#isHandBusy = isHandBusy
  }

  submit<K extends OperationKind>(
    kind: K,
    request: OperationRequest<K>,
    { weight = 0, signal }: SubmitOptions = {},
  ): Promise<OperationResult<K>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation: { kind, request }, weight: weight + baseWeight, resolve, reject, signal })
      if (this.#scheduled || this.#writing) return
      this.#scheduled = true
      queueMicrotask(() => {
        this.#scheduled = false
        void this.#write()
      })
    })
  }

  /** Waits until nothing is waiting, and ends the thread. */
  async close(): Promise<void> {
    if (this.#scheduled || this.#writing) {
      await new Promise<void>(resolve => {
        this.#idle = resolve
      })
    }
    await this.#thread?.close()
  }

  async #write(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      const turn = this.#pace.step()
      if (turn !== undefined) await turn
      const group = this.#nextGroup()
      if (group.length > 0) await this.#writeGroup(group)
      await this.#checkpointWhenDue()
    }
    this.#writing = false
    this.#idle?.()
  }

  #nextGroup(): Waiting[] {
    const group: Waiting[] = []
    let weight = 0
    let taken = 0
    for (const waiting of this.#waiting) {
      if (group.length > 0 && weight + waiting.weight > groupWeight) break
      taken++
      if (waiting.signal?.aborted) {
        waiting.reject(waiting.signal.reason)
        continue
      }
      group.push(waiting)
      weight += waiting.weight
    }
    this.#waiting.splice(0, taken)
    return group
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const operations = group.map(waiting => waiting.operation)
    const weight = group.reduce((sum, waiting) => sum + waiting.weight, 0)
    const started = performance.now()
    try {
      const outcomes = await this.#outcomes(operations, weight)
      outcomes.forEach((outcome, index) => {
        const waiting = group[index] as Waiting
        if ('value' in outcome) waiting.resolve(outcome.value as never)
        else waiting.reject(errorOf(outcome.failure))
      })
    } catch (error) {
      for (const waiting of group) waiting.reject(error)
    }
    this.#sinceLook += weight
    if (weight > inPlaceWeight) return
    this.#slowestCommitMs = Math.max(performance.now() - started, this.#slowestCommitMs * forgetting)
  }

  /** What somebody else's lock keeps from being done is tried again. Only that may run twice: a claim made twice would be lost. */
  async #outcomes(operations: readonly Operation[], weight: number): Promise<Outcome[]> {
    const deadline = performance.now() + this.#busyTimeoutMs
    let outcomes = this.#inPlace(operations, weight) ?? (await this.#elsewhere(operations))
    for (;;) {
      const busy = operations.filter((_, index) => isBusyOutcome(outcomes[index] as Outcome))
      if (busy.length === 0) return outcomes
      if (performance.now() >= deadline) break
      await new Promise(resolve => setTimeout(resolve, 2))
      const again = await this.#elsewhere(busy)
      outcomes = outcomes.map(outcome => (isBusyOutcome(outcome) ? (again.shift() as Outcome) : outcome))
    }
    if (!this.#threadWorks && this.#isHandBusy()) throw handBusy(this.#busyTimeoutMs)
    return outcomes
  }

  /** Undefined when it must not be, or could not be, done here and now. */
  #inPlace(operations: readonly Operation[], weight: number): Outcome[] | undefined {
    if (this.#belongsElsewhere(weight) || this.#isHandBusy()) return undefined
    try {
      return this.#transaction.run(operations)
    } catch (error) {
      if (isBusy(error)) return undefined
      throw error
    }
  }

  #belongsElsewhere(weight: number): boolean {
    if (!this.#threadWorks || this.#thread === undefined) return false
    if (weight > inPlaceWeight) return true
    // A slow commit or two cost less than the thread takes to start.
    return this.#slowestCommitMs > slowCommitMs && this.#thread.wake()
  }

  /** Where a lock or a transaction of the host is in the way, what it says of that is the outcome of all. */
  async #elsewhere(operations: readonly Operation[]): Promise<Outcome[]> {
    try {
      if (this.#threadWorks && this.#thread !== undefined) return await this.#thread.run(operations)
    } catch (error) {
      if (isBusy(error)) return operations.map(() => ({ failure: failureOf(error) }))
      if (!(error instanceof WriterThreadLost)) throw error
      if (error.hadAnswered) throw new AttachmentBackendError(`${error.message}; put or commit again`, { cause: error })
      // A bundle without the worker's file, or a runtime without threads.
      this.#threadWorks = false
    }
    return this.#here(operations)
  }

  /** In place, however long it takes. */
  #here(operations: readonly Operation[]): Outcome[] {
    try {
      if (!this.#isHandBusy()) return this.#transaction.run(operations)
    } catch (error) {
      if (!isBusy(error)) throw error
    }
    const failure = { code: 'SQLITE_BUSY', message: 'database is locked' }
    return operations.map(() => ({ failure }))
  }

  async #checkpointWhenDue(): Promise<void> {
    if (this.#sinceLook < logLookWeight) return
    this.#sinceLook = 0
    try {
      const { bytes, pendingBytes } = this.#transaction.log()
      if (this.#threadWorks && pendingBytes >= checkpointBytes / 2) this.#thread?.wake()
      if (bytes < this.#movedAt) this.#movedAt = 0
      if (pendingBytes < checkpointBytes && bytes < longLogBytes) return
      // It has not begun anew since: somebody reads from it, and trying all the time would hold up who writes.
      if (this.#movedAt > 0 && bytes < this.#movedAt + Math.max(retryBytes, this.#movedAt / 8)) return
      this.#movedAt = bytes
      if (this.#threadWorks) await this.#thread?.checkpoint()
      else this.#transaction.checkpoint()
    } catch {
      // No one's failure in particular: the next checkpoint tries again, and what is in the log is safe there.
    }
  }
}

function isBusyOutcome(outcome: Outcome): boolean {
  return 'failure' in outcome && isBusy(outcome.failure)
}

function handBusy(busyTimeoutMs: number): AttachmentBackendError {
  return new AttachmentBackendError(
    `the database handle stayed in a transaction of the host for ${busyTimeoutMs} ms; end it before attachments are put or committed, or use commitRefsSync inside it`,
  )
}
