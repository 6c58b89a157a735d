import { AttachmentBackendError } from '@lash/attachments-core'
import { isBusy } from '../database/sqlite-error.ts'
import { unlimitedPages } from '../full-disk/growth-limit.ts'
import { FullDiskRecovery } from '../full-disk/recovery.ts'
import { WriterThreadLost } from '../thread/writer-thread.ts'
import { Checkpoints, type CheckpointsOptions } from './checkpoints.ts'
import type { Operation } from './operations.ts'
import { isBusyOutcome, type Outcome, outcomeOfAll, runAgain } from './outcome.ts'

/** What a group may weigh to be written on the event loop's thread: about 2 ms of work, such as 128 claims. */
const inPlaceWeight = 256 * 1024
/** A disk whose sync takes longer must not hold up the event loop; one of a good disk takes less. In milliseconds. */
const slowCommitMs = 5
/** With each commit the slowest one so far counts a tenth less: after one of 100 ms, the next 30 go to the thread. */
const decay = 0.9

export interface GroupWriterOptions extends CheckpointsOptions {
  busyTimeoutMs: number
  /** Whether the connection is a host's, and in the midst of a transaction of the host's. */
  isInHostTransaction: () => boolean
}

/**
 * Writes one group of operations at a time: a small one at once and in place, since a lone caller would pay twice for a
 * hop to another thread; a big one on the writer thread. What failed for a lock or a full disk is tried again, and
 * nothing else.
 */
export class GroupWriter {
  readonly #options: GroupWriterOptions
  readonly #checkpoints: Checkpoints
  readonly #recovery: FullDiskRecovery | undefined
  #slowestCommitMs = 0
  #written = 0

  constructor(options: GroupWriterOptions) {
    const { growthLimit, transaction } = options
    this.#options = options
    this.#checkpoints = new Checkpoints(options)
    if (growthLimit === undefined) return
    const write = this.#writeWhenUnlocked.bind(this)
    this.#recovery = new FullDiskRecovery({ growthLimit, transaction, checkpoints: this.#checkpoints, write })
  }

  async write(operations: readonly Operation[], weight: number): Promise<Outcome[]> {
    const started = performance.now()
    const outcomes = await this.#writeWhenUnlocked(operations, weight)
    this.#written += weight
    if (weight <= inPlaceWeight) {
      this.#slowestCommitMs = Math.max(performance.now() - started, this.#slowestCommitMs * decay)
    }
    return this.#recovery === undefined ? outcomes : this.#recovery.run(operations, weight, outcomes)
  }

  /** @param isAwaited - whether somebody waits to write. */
  async moveLogWhenDue(isAwaited: boolean): Promise<void> {
    await this.#checkpoints.moveLogWhenDue(this.#written, isAwaited)
    this.#written = 0
  }

  async close(): Promise<void> {
    // Before the last checkpoints, which may need its room.
    this.#options.growthLimit?.close()
    await this.#checkpoints.close()
    await this.#options.thread?.close()
  }

  /** What somebody else's lock keeps from being done is tried again. */
  async #writeWhenUnlocked(
    operations: readonly Operation[],
    weight: number,
    maxPages: number = this.#options.growthLimit?.maxPages ?? unlimitedPages,
  ): Promise<Outcome[]> {
    const { busyTimeoutMs, isInHostTransaction, thread } = this.#options
    const deadline = performance.now() + busyTimeoutMs
    let outcomes = this.#tryInPlace(operations, weight, maxPages) ?? (await this.#writeAnyhow(operations, maxPages))
    while (outcomes.some(isBusyOutcome)) {
      if (performance.now() >= deadline) {
        if (!thread?.works && isInHostTransaction()) throw hostTransactionTooLong(busyTimeoutMs)
        return outcomes
      }
      await new Promise(resolve => setTimeout(resolve, 2))
      outcomes = await runAgain(operations, outcomes, isBusyOutcome, left => this.#writeAnyhow(left, maxPages))
    }
    return outcomes
  }

  /** Undefined when the group must not be, or could not be, written here and now. */
  #tryInPlace(operations: readonly Operation[], weight: number, maxPages: number): Outcome[] | undefined {
    if (this.#belongsOnThread(weight) || this.#options.isInHostTransaction()) return undefined
    try {
      return this.#options.transaction.run(operations, maxPages)
    } catch (error) {
      if (isBusy(error)) return undefined
      return outcomeOfAll(operations, error)
    }
  }

  #belongsOnThread(weight: number): boolean {
    const { thread } = this.#options
    if (!thread?.works) return false
    if (weight > inPlaceWeight) return true
    // A slow commit or two cost less than the start of the thread.
    return this.#slowestCommitMs > slowCommitMs && thread.wake('write')
  }

  /** On the thread, or where threads do not work in place, however long it takes. */
  async #writeAnyhow(operations: readonly Operation[], maxPages: number): Promise<Outcome[]> {
    const { thread, transaction, isInHostTransaction } = this.#options
    try {
      if (thread?.works) return await thread.run(operations, maxPages)
    } catch (error) {
      if (!(error instanceof WriterThreadLost)) return outcomeOfAll(operations, error)
      // Where no thread ever was, nothing has been done.
      if (error.hadAnswered) throw new AttachmentBackendError(`${error.message}; put or commit again`, { cause: error })
    }
    if (isInHostTransaction()) {
      return outcomeOfAll(operations, { code: 'SQLITE_BUSY', message: 'database is locked' })
    }
    try {
      return transaction.run(operations, maxPages)
    } catch (error) {
      return outcomeOfAll(operations, error)
    }
  }
}

function hostTransactionTooLong(busyTimeoutMs: number): AttachmentBackendError {
  return new AttachmentBackendError(
    `the database handle stayed in a transaction of the host for ${busyTimeoutMs} ms; ` +
      'end it before attachments are put or committed, or use commitRefsSync inside it',
  )
}
