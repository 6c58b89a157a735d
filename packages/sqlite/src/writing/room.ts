import { statSync } from 'node:fs'
import type { Database, Statement } from 'better-sqlite3'
import { prepare } from '../database/statement.ts'
import { Reserve } from './reserve.ts'

const megabyte = 1024 * 1024
/** The least that is kept for what frees room, in bytes; of a big database, a 64th of it, but not more than `mostForFreeing`. */
const leastForFreeing = megabyte / 4
const mostForFreeing = 16 * megabyte
/** What a reserve begins with, and the most it grows to. Beyond that the log may hold more than there is room for in the database. */
const firstBytes = megabyte
const mostBytes = 64 * megabyte

/** What is added to it at once where it is to be doubled: it is written on the event loop's thread. */
const mostStepBytes = 8 * megabyte

/** As `PRAGMA max_page_count`: as many as there can be. */
export const anyPages = 0xff_ff_ff_fe

/**
 * Room for what frees room. On a full disk a delete has to be written too: to the log, and the log begins anew only once all of it is in the
 * database, which grows by that. So nothing is written that would make the database grow by more than is kept in reserve, less a rest for
 * the deletes themselves. SQLite sees to it (`PRAGMA max_page_count`), so that nothing is to be looked at with every commit.
 */
export class Room {
  readonly #path: string
  readonly #reserve: Reserve
  readonly #pageCount: Statement
  readonly #pageBytes: number
  #maxPages = anyPages

  constructor(database: Database, path: string) {
    this.#path = path
    this.#reserve = new Reserve(path)
    this.#pageCount = prepare(database, 'PRAGMA page_count').pluck()
    this.#pageBytes = prepare(database, 'PRAGMA page_size').pluck().get() as number
    this.#reserve.grow(firstBytes)
    this.renew()
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
  renew(): void {
    const fileBytes = statSync(this.#path).size
    const bytes = fileBytes + Math.max(0, this.#reserve.bytes - forFreeing(fileBytes))
    const isFree = this.#reserve.bytes >= mostBytes || this.#reserve.isRefused
    this.#maxPages = isFree ? anyPages : Math.floor(bytes / this.#pageBytes)
  }

  /** Makes room for so many bytes to be written. Returns false when the disk has none. */
  extend(bytes: number): boolean {
    const fileBytes = statSync(this.#path).size
    // What is written takes pages of indexes, too.
    const wanted = this.growthBytes + bytes + Math.ceil(bytes / 4) + firstBytes + forFreeing(fileBytes)
    const { bytes: reserved } = this.#reserve
    const step = Math.min(reserved, mostStepBytes)
    const enough = reserved >= wanted || this.#reserve.grow(Math.min(mostBytes, Math.max(wanted, reserved + step)))
    this.renew()
    return enough || this.#reserve.isRefused
  }

  /** Gives up what is in reserve for as long as the work takes, and takes of it what is left then. */
  async lend(work: () => Promise<void>): Promise<void> {
    const { bytes } = this.#reserve
    this.#reserve.giveUp()
    await work()
    this.retake(bytes)
  }

  /** Keeps so much again, or what there is of it. */
  retake(bytes: number = firstBytes): void {
    this.#reserve.take(bytes)
    this.renew()
  }

  /** For what frees room. */
  giveUp(): void {
    this.#reserve.giveUp()
    this.renew()
  }

  close(): void {
    this.#reserve.close()
  }
}

function forFreeing(fileBytes: number): number {
  return Math.min(mostForFreeing, Math.max(leastForFreeing, Math.ceil(fileBytes / 64)))
}
