import type { Checkpoints } from '../writing/checkpoints.ts'
import type { Operation } from '../writing/operations.ts'
import { isFullAndFreesRoom, isFullOutcome, type Outcome, runAgain } from '../writing/outcome.ts'
import type { WriteTransaction } from '../writing/write-transaction.ts'
import { type GrowthLimit, unlimitedPages } from './growth-limit.ts'

/**
 * The room of a longer log is worth giving back to a full disk. A shorter one goes on in the room that it has: somebody
 * else may take what is given back.
 */
const worthGivingBackBytes = 4 * 1024 * 1024

export interface FullDiskRecoveryOptions {
  growthLimit: GrowthLimit
  transaction: WriteTransaction
  checkpoints: Checkpoints
  write(operations: readonly Operation[], weight: number, maxPages?: number): Promise<Outcome[]>
}

/** Tries again what there was no room for, after it has made what room there is. */
export class FullDiskRecovery {
  readonly #options: FullDiskRecoveryOptions

  constructor(options: FullDiskRecoveryOptions) {
    this.#options = options
  }

  /**
   * Tries, as long as some operations find no room:
   * 1. to keep more in reserve, so that the database may grow;
   * 2. when the disk has no more, to move the log to the database, and to give back what a long log takes;
   * 3. each operation alone, as there may be room left for some;
   * 4. what frees room, with all that was kept for that.
   * @returns what has come of all operations.
   */
  async run(operations: readonly Operation[], weight: number, outcomes: Outcome[]): Promise<Outcome[]> {
    if (!outcomes.some(isFullOutcome)) return outcomes
    let now = outcomes
    now = await this.#withMoreInReserve(operations, weight, now)
    now = await this.#withShortLog(operations, weight, now)
    now = await runAgain(operations, now, isFullOutcome, left => this.#eachAlone(left, weight))
    return runAgain(operations, now, isFullAndFreesRoom, left => this.#withAllThatIsKept(left, weight))
  }

  async #withMoreInReserve(operations: readonly Operation[], weight: number, outcomes: Outcome[]): Promise<Outcome[]> {
    const { growthLimit, write } = this.#options
    let now = outcomes
    // A weight is a guess.
    for (const guess of [weight, 4 * weight, 16 * weight]) {
      if (!now.some(isFullOutcome) || !growthLimit.extend(guess)) continue
      now = await runAgain(operations, now, isFullOutcome, left => write(left, weight))
    }
    return now
  }

  async #withShortLog(operations: readonly Operation[], weight: number, outcomes: Outcome[]): Promise<Outcome[]> {
    const { growthLimit, transaction, checkpoints, write } = this.#options
    const isLong = transaction.log().bytes >= worthGivingBackBytes
    if (!outcomes.some(isFullOutcome) || !(isLong || growthLimit.growthBytes > 0)) return outcomes
    await growthLimit.lendReserve(() => checkpoints.beginLogAnew(isLong ? 'TRUNCATE' : 'RESTART'))
    growthLimit.extend(weight)
    return runAgain(operations, outcomes, isFullOutcome, left => write(left, weight))
  }

  async #eachAlone(operations: readonly Operation[], weight: number, maxPages?: number): Promise<Outcome[]> {
    const { checkpoints, write } = this.#options
    const outcomes: Outcome[] = []
    let mayHelp = true
    for (const operation of operations) {
      let [outcome] = (await write([operation], weight, maxPages)) as [Outcome]
      if (mayHelp && isFullOutcome(outcome)) {
        await checkpoints.beginLogAnew('RESTART')
        ;[outcome] = (await write([operation], weight, maxPages)) as [Outcome]
        mayHelp = !isFullOutcome(outcome)
      }
      outcomes.push(outcome)
    }
    return outcomes
  }

  async #withAllThatIsKept(operations: readonly Operation[], weight: number): Promise<Outcome[]> {
    const { growthLimit, checkpoints } = this.#options
    growthLimit.giveUpReserve()
    // First: a transaction that failed in its middle has made the log longer, which took room that the database needs.
    await checkpoints.beginLogAnew('RESTART')
    const outcomes = await this.#eachAlone(operations, weight, unlimitedPages)
    // They too may have made the database grow.
    await checkpoints.beginLogAnew('RESTART')
    growthLimit.retakeReserve()
    return outcomes
  }
}
