import { statSync } from 'node:fs'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/connection.ts'
import { ReserveFile } from './reserve-file.ts'

const mebibyte = 1024 * 1024
/** What the reserve begins with. Little, as each open file has one, and enough for the first puts. */
const firstBytes = mebibyte
/**
 * The most that it grows to: twice what the log holds, unless somebody reads for long. From there on nothing is
 * limited, and the log may hold more than there is room for in the database.
 */
const mostBytes = 64 * mebibyte
/** The reserve doubles, but by no more than this at once: it is written on the event loop's thread. */
const mostStepBytes = 8 * mebibyte

/** As `PRAGMA max_page_count`: the most that SQLite knows. */
export const unlimitedPages = 0xff_ff_ff_fe

/**
 * Keeps room on the disk for what frees room. On a full disk a delete has to be written too: first to the log; and the
 * log begins anew only once all of it is in the database, which grows by that. So nothing is written that would make
 * the database grow by more than is kept in reserve, less a rest for the deletes themselves. SQLite
 * itself sees to that (`PRAGMA max_page_count`), so commits have nothing to check.
 */
export class GrowthLimit {
  readonly #path: string
  readonly #reserve: ReserveFile
  readonly #pageCount: Statement
  readonly #pageBytes: number
  #maxPages = unlimitedPages

  constructor(database: Database, path: string) {
    this.#path = path
    this.#reserve = new ReserveFile(path)
    this.#pageCount = prepare(database, 'PRAGMA page_count').pluck()
    this.#pageBytes = prepare(database, 'PRAGMA page_size').pluck().get() as number
    this.#reserve.grow(firstBytes)
    this.update()
  }

  /** How many pages the database may have for now. */
  get maxPages(): number {
    return this.#maxPages
  }

  /** By how much the database grows when what is in the log is moved there. */
  get growthBytes(): number {
    return Math.max(0, (this.#pageCount.get() as number) * this.#pageBytes - statSync(this.#path).size)
  }

  /** Looks again at how much of the database is on the disk: after a checkpoint it is more. */
  update(): void {
    const fileBytes = statSync(this.#path).size
    const bytes = fileBytes + Math.max(0, this.#reserve.bytes - bytesForFreeing(fileBytes))
    const isUnlimited = this.#reserve.bytes >= mostBytes || this.#reserve.isRefused
    this.#maxPages = isUnlimited ? unlimitedPages : Math.floor(bytes / this.#pageBytes)
  }

  /** Makes room for so many bytes to be written. Returns false when the disk has none. */
  extend(bytes: number): boolean {
    const fileBytes = statSync(this.#path).size
    // What is written takes pages of indexes, too.
    const wanted = this.growthBytes + bytes + Math.ceil(bytes / 4) + firstBytes + bytesForFreeing(fileBytes)
    const { bytes: reserved } = this.#reserve
    const step = Math.min(reserved, mostStepBytes)
    const isEnough = reserved >= wanted || this.#reserve.grow(Math.min(mostBytes, Math.max(wanted, reserved + step)))
    this.update()
    return isEnough || this.#reserve.isRefused
  }

  /** Gives up the reserve for as long as the work takes, and then takes back what there is of it. */
  async lendReserve(work: () => Promise<void>): Promise<void> {
    const { bytes } = this.#reserve
    this.#reserve.giveUp()
    await work()
    this.retakeReserve(bytes)
  }

  /** Keeps so much again, or what there is of it. */
  retakeReserve(bytes: number = firstBytes): void {
    this.#reserve.take(bytes)
    this.update()
  }

  /** Gives up all that is kept, for what frees room. */
  giveUpReserve(): void {
    this.#reserve.giveUp()
    this.update()
  }

  close(): void {
    this.#reserve.close()
  }
}

/**
 * What is kept for deletes, from 256 KiB to 16 MiB: a 64th of the database, since in a big one they touch more pages.
 */
function bytesForFreeing(fileBytes: number): number {
  return Math.min(16 * mebibyte, Math.max(mebibyte / 4, Math.ceil(fileBytes / 64)))
}
