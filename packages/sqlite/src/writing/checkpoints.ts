import { longLogBytes } from '../database/connection.ts'
import type { GrowthLimit } from '../full-disk/growth-limit.ts'
import type { ThreadConnection } from '../thread/thread-connection.ts'
import type { CheckpointMode, WriteTransaction } from './write-transaction.ts'

/** How much the log holds when it is moved: so little that SQLite keeps writing over the same part of the disk. */
const dueBytes = 16 * 1024 * 1024
/** The weight to be written between two looks at the log: a look costs as much as a small operation. */
const lookWeight = dueBytes / 32

export interface CheckpointsOptions {
  transaction: WriteTransaction
  /** None for a database that only this connection can see. */
  thread: ThreadConnection | undefined
  /** None where nothing is written to a disk. */
  growthLimit: GrowthLimit | undefined
}

/** Moves the write-ahead log to the database from time to time: on the writer thread, where there is one. */
export class Checkpoints {
  readonly #options: CheckpointsOptions
  #writtenSinceLook = 0
  /** Length of the log when it was last moved; 0 once it has begun anew. */
  #movedAt = 0

  constructor(options: CheckpointsOptions) {
    this.#options = options
  }

  async moveLogWhenDue(written: number): Promise<void> {
    this.#writtenSinceLook += written
    if (this.#writtenSinceLook < lookWeight) return
    this.#writtenSinceLook = 0
    try {
      const { transaction, thread, growthLimit } = this.#options
      const { bytes, pendingBytes } = transaction.log()
      // In time, so that nobody waits for its start.
      if (pendingBytes >= dueBytes / 2) thread?.wake()
      if (bytes < this.#movedAt) this.#movedAt = 0
      if (pendingBytes < dueBytes && bytes < longLogBytes) return
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

  /** Makes the log begin anew, unless somebody reads from it, or the database has no room for all of it. */
  async beginLogAnew(mode: CheckpointMode): Promise<void> {
    await this.checkpoint(mode).catch(() => {})
  }

  async checkpoint(mode?: CheckpointMode): Promise<void> {
    const { transaction, thread } = this.#options
    if (thread?.works) await thread.checkpoint(mode)
    else transaction.checkpoint(mode)
  }
}
