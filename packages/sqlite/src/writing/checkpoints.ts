import { longLogBytes } from '../database/connection.ts'
import type { GrowthLimit } from '../full-disk/growth-limit.ts'
import type { ThreadConnection } from '../thread/thread-connection.ts'
import type { CheckpointMode, WriteTransaction } from './write-transaction.ts'

/** How much the log holds when it is moved: so little that SQLite keeps writing over the same part of the disk. */
const dueBytes = 16 * 1024 * 1024
/** How much of it is moved at a time while others write: so little that hardly anything is left for the end. */
const stepBytes = dueBytes / 4
/** How long the log gets when it is moved in such steps. Then the rest is moved, so that it begins anew. */
const endBytes = longLogBytes * (3 / 4)
/** The weight to be written between two looks at the log: a look costs as much as a small operation. */
const lookWeight = dueBytes / 32

export interface CheckpointsOptions {
  transaction: WriteTransaction
  /** None for a database that only this connection can see. */
  thread: ThreadConnection | undefined
  /** None where nothing is written to a disk. */
  growthLimit: GrowthLimit | undefined
}

/**
 * Moves the write-ahead log to the database from time to time, on threads where there are any: step by step while
 * others write, and the rest, with the sync of the database, while they wait. Where more is waiting to be written than
 * a group takes, steps beside it would only have writes and syncs wait for each other: all of it is moved at once.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions
  #writtenSinceLook = 0
  /** Length of the log when it was last moved while writers waited; 0 once it has begun anew. */
  #movedAt = 0
  #step: Promise<void> | undefined

  constructor(options: CheckpointsOptions) {
    this.#options = options
  }

  /** @param isAwaited - whether somebody waits to write. */
  async moveLogWhenDue(written: number, isAwaited: boolean): Promise<void> {
    this.#writtenSinceLook += written
    if (this.#writtenSinceLook < lookWeight) return
    this.#writtenSinceLook = 0
    try {
      const { transaction, thread, growthLimit } = this.#options
      const { bytes, pendingBytes } = transaction.log()
      if (bytes < this.#movedAt) this.#movedAt = 0
      if (!isAwaited && bytes < endBytes && thread?.works) {
        if (pendingBytes >= stepBytes && thread.wake('move')) this.#moveStep(thread)
        return
      }
      if (pendingBytes < dueBytes && bytes < endBytes) return
      // It has not begun anew since: somebody reads from it. Each attempt holds up whoever writes, so the log first has
      // to become an eighth longer.
      if (bytes < this.#movedAt * (9 / 8)) return
      this.#movedAt = bytes
      await this.checkpoint()
      growthLimit?.update()
    } catch {
      // Nobody's failure in particular: the next checkpoint tries again, and what is in the log is safe there.
    }
  }

  #moveStep(thread: ThreadConnection): void {
    if (this.#step !== undefined) return
    // The steps before have made the database longer.
    this.#options.growthLimit?.update()
    this.#step = thread
      .moveLog()
      .catch(() => {})
      .finally(() => {
        this.#step = undefined
      })
  }

  /** Makes the log begin anew, unless somebody reads from it, or the database has no room for all of it. */
  async beginLogAnew(mode: CheckpointMode): Promise<void> {
    await this.checkpoint(mode).catch(() => {})
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#step
  }

  async checkpoint(mode?: CheckpointMode): Promise<void> {
    const { transaction, thread } = this.#options
    // Of two at once, SQLite refuses the second.
    await this.#step
    if (thread?.works) await thread.checkpoint(mode)
    else transaction.checkpoint(mode)
  }
}
