import { AttachmentBackendError } from '@lash/attachments-core'
import { longLogBytes } from '../database/connection.ts'
import { isBusy, isFull } from '../database/sqlite-error.ts'
import { freesRoom, type Operation } from './operations.ts'
import { anyPages, type Room } from './room.ts'
import type { ThreadConnection } from './thread-connection.ts'
import { type CheckpointMode, failureOf, type Outcome, type WriteTransaction } from './write-transaction.ts'
import { WriterThreadLost } from './writer-thread.ts'

/** What a group may weigh to be written on the event loop's thread: about 2 ms of work. */
const inPlaceWeight = 256 * 1024
/** How often to look at the length of the log, in weight; looking costs as much as a small operation. */
const logLookWeight = 512 * 1024
/** What the log holds when it is moved to the database: so little that SQLite writes over the same part of the disk again and again. */
const checkpointBytes = 16 * 1024 * 1024
/** How much longer the log becomes, where it could not be begun anew, before it is tried again; of a very long one, an eighth. */
const retryBytes = 4 * 1024 * 1024
/** What is worth being moved out of a log for the sake of its room. */
const worthMovingBytes = 512 * 1024
/** Length of a log whose room is given back to a full disk; a shorter one goes on in the room that it has. */
const worthwhileBytes = 4 * 1024 * 1024
/** A disk whose sync takes longer must not hold up the event loop. In milliseconds. */
const slowCommitMs = 5
/** A slow commit is forgotten by so much with each that follows: after one of 100 ms, the next 30 go to the thread. */
const forgetting = 0.9

export interface GroupWriterOptions {
  transaction: WriteTransaction
  /** None for a database that only this connection can see. */
  thread: ThreadConnection | undefined
  /** None where nothing is written to a disk. */
  room: Room | undefined
  busyTimeoutMs: number
  /** Whether the connection, being a host's, is in the midst of a transaction of the host's. */
  isHandBusy: () => boolean
}

/**
 * Writes one group of operations at a time. A small one in place, at once: a lone caller would pay twice for a hop to another thread. A big
 * one on the writer thread. What locks or a full disk were in the way of it writes again, and nothing else: a claim made twice would be lost.
 */
export class GroupWriter {
  readonly #options: GroupWriterOptions
  #threadWorks: boolean
  #sinceLook = 0
  /** Length of the log when it was last moved; 0 once it has begun anew. */
  #movedAt = 0
  #slowestCommitMs = 0

  constructor(options: GroupWriterOptions) {
    this.#options = options
    this.#threadWorks = options.thread !== undefined
  }

  async write(operations: readonly Operation[], weight: number): Promise<Outcome[]> {
    const started = performance.now()
    const outcomes = await this.#withRoom(operations, weight, await this.#unlocked(operations, weight))
    this.#sinceLook += weight
    if (weight <= inPlaceWeight) {
      this.#slowestCommitMs = Math.max(performance.now() - started, this.#slowestCommitMs * forgetting)
    }
    return outcomes
  }

  async close(): Promise<void> {
    // Before the last checkpoints, which may need it.
    this.#options.room?.close()
    await this.#options.thread?.close()
  }

  /**
   * For what there was no room for: keeps more in reserve, and tries again. When the disk has no more, moves the log to the database, and gives
   * back what a long one takes; then tries each alone, as there may be room left for some; and then, with all that was kept, what frees room.
   */
  async #withRoom(operations: readonly Operation[], weight: number, outcomes: Outcome[]): Promise<Outcome[]> {
    const { room, transaction } = this.#options
    if (room === undefined || !outcomes.some(isFullOutcome)) return outcomes
    const together = (left: readonly Operation[]) => this.#unlocked(left, weight)
    let now = outcomes
    // A weight is a guess.
    for (const guess of [weight, 4 * weight, 16 * weight]) {
      if (now.some(isFullOutcome) && room.extend(guess)) now = await again(operations, now, isFullOutcome, together)
    }
    const { bytes, pendingBytes } = transaction.log()
    if (now.some(isFullOutcome) && (pendingBytes >= worthMovingBytes || room.growthBytes > 0)) {
      await room.lend(() => this.#beginLogAnew(bytes >= worthwhileBytes ? 'TRUNCATE' : 'RESTART'))
      room.extend(weight)
      now = await again(operations, now, isFullOutcome, together)
    }
    now = await again(operations, now, isFullOutcome, left => this.#alone(left, weight))
    return again(operations, now, isFreeing, async left => {
      room.giveUp()
      // First, for a transaction that fails in its midst has made the log longer, and taken the room that the database needs.
      await this.#beginLogAnew('RESTART')
      const freed = await this.#alone(left, weight, anyPages)
      // They too may have made the database grow.
      await this.#beginLogAnew('RESTART')
      room.retake()
      return freed
    })
  }

  /** Without room for all of the log in the database, or while somebody reads, it goes on where it is. */
  async #beginLogAnew(mode: CheckpointMode): Promise<void> {
    await this.#checkpoint(mode).catch(() => {})
  }

  async #alone(operations: readonly Operation[], weight: number, maxPages?: number): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    let mayHelp = true
    for (const operation of operations) {
      let [outcome] = (await this.#unlocked([operation], weight, maxPages)) as [Outcome]
      if (mayHelp && isFullOutcome(outcome)) {
        await this.#beginLogAnew('RESTART')
        ;[outcome] = (await this.#unlocked([operation], weight, maxPages)) as [Outcome]
        mayHelp = !isFullOutcome(outcome)
      }
      outcomes.push(outcome)
    }
    return outcomes
  }

  /** What somebody else's lock keeps from being done is tried again. */
  async #unlocked(
    operations: readonly Operation[],
    weight: number,
    maxPages: number = this.#options.room?.maxPages ?? anyPages,
  ): Promise<Outcome[]> {
    const { busyTimeoutMs, isHandBusy } = this.#options
    const deadline = performance.now() + busyTimeoutMs
    let outcomes = this.#inPlace(operations, weight, maxPages) ?? (await this.#elsewhere(operations, maxPages))
    while (outcomes.some(isBusyOutcome)) {
      if (performance.now() >= deadline) {
        if (!this.#threadWorks && isHandBusy()) throw handBusy(busyTimeoutMs)
        return outcomes
      }
      await new Promise(resolve => setTimeout(resolve, 2))
      outcomes = await again(operations, outcomes, isBusyOutcome, left => this.#elsewhere(left, maxPages))
    }
    return outcomes
  }

  /** Undefined when it must not be, or could not be, done here and now. */
  #inPlace(operations: readonly Operation[], weight: number, maxPages: number): Outcome[] | undefined {
    if (this.#belongsElsewhere(weight) || this.#options.isHandBusy()) return undefined
    try {
      return this.#options.transaction.run(operations, maxPages)
    } catch (error) {
      if (isBusy(error)) return undefined
      return refused(operations, error)
    }
  }

  #belongsElsewhere(weight: number): boolean {
    const { thread } = this.#options
    if (!this.#threadWorks || thread === undefined) return false
    if (weight > inPlaceWeight) return true
    // A slow commit or two cost less than the thread takes to start.
    return this.#slowestCommitMs > slowCommitMs && thread.wake()
  }

  async #elsewhere(operations: readonly Operation[], maxPages: number): Promise<Outcome[]> {
    const { thread } = this.#options
    try {
      if (this.#threadWorks && thread !== undefined) return await thread.run(operations, maxPages)
    } catch (error) {
      if (!(error instanceof WriterThreadLost)) return refused(operations, error)
      if (error.hadAnswered) throw new AttachmentBackendError(`${error.message}; put or commit again`, { cause: error })
      // A bundle without the worker's file, or a runtime without threads.
      this.#threadWorks = false
    }
    return this.#here(operations, maxPages)
  }

  /** In place, however long it takes. */
  #here(operations: readonly Operation[], maxPages: number): Outcome[] {
    const { transaction, isHandBusy } = this.#options
    if (isHandBusy()) return refused(operations, { code: 'SQLITE_BUSY', message: 'database is locked' })
    try {
      return transaction.run(operations, maxPages)
    } catch (error) {
      return refused(operations, error)
    }
  }

  async moveLogWhenDue(): Promise<void> {
    if (this.#sinceLook < logLookWeight) return
    this.#sinceLook = 0
    try {
      const { transaction, thread, room } = this.#options
      const { bytes, pendingBytes } = transaction.log()
      if (this.#threadWorks && pendingBytes >= checkpointBytes / 2) thread?.wake()
      if (bytes < this.#movedAt) this.#movedAt = 0
      if (pendingBytes < checkpointBytes && bytes < longLogBytes) return
      // It has not begun anew since: somebody reads from it, and trying all the time would hold up who writes.
      if (this.#movedAt > 0 && bytes < this.#movedAt + Math.max(retryBytes, this.#movedAt / 8)) return
      this.#movedAt = bytes
      await this.#checkpoint()
      room?.renew()
    } catch {
      // No one's failure in particular: the next checkpoint tries again, and what is in the log is safe there.
    }
  }

  async #checkpoint(mode?: CheckpointMode): Promise<void> {
    const { transaction, thread } = this.#options
    if (this.#threadWorks && thread !== undefined) await thread.checkpoint(mode)
    else transaction.checkpoint(mode)
  }
}

/** Runs again what came out in one way. Gives what has come of all. */
async function again(
  operations: readonly Operation[],
  outcomes: Outcome[],
  isMeant: (outcome: Outcome, operation: Operation) => boolean,
  run: (left: readonly Operation[]) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const left = operations.filter((operation, index) => isMeant(outcomes[index] as Outcome, operation))
  if (left.length === 0) return outcomes
  const later = await run(left)
  return operations.map((operation, index) => {
    const outcome = outcomes[index] as Outcome
    return isMeant(outcome, operation) ? (later.shift() as Outcome) : outcome
  })
}

/** What kept a transaction from beginning is the outcome of all that were to run in it. */
function refused(operations: readonly Operation[], error: unknown): Outcome[] {
  const failure = failureOf(error)
  if (failure.code === '') throw error
  return operations.map(() => ({ failure }))
}

function isBusyOutcome(outcome: Outcome): boolean {
  return 'failure' in outcome && isBusy(outcome.failure)
}

function isFullOutcome(outcome: Outcome): boolean {
  return 'failure' in outcome && isFull(outcome.failure)
}

function isFreeing(outcome: Outcome, { kind }: Operation): boolean {
  return isFullOutcome(outcome) && freesRoom.has(kind)
}

function handBusy(busyTimeoutMs: number): AttachmentBackendError {
  return new AttachmentBackendError(
    `the database handle stayed in a transaction of the host for ${busyTimeoutMs} ms; end it before attachments are put or committed, or use commitRefsSync inside it`,
  )
}
