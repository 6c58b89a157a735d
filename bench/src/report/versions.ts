import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Cell } from '../measure/cell.ts'
import { ContenderProcess, type Entry } from '../measure/contender-process.ts'
import type { Measurement } from '../measure/measure.ts'
import { median, medianInterval } from '../measure/statistics.ts'

/*
 * Another version of this project beside the working tree: what `bench --compare` measures, and prints.
 */

/** A version whose benchmark can be run. */
export interface Checkout {
  readonly folder: string
  /** Takes away what was checked out for the comparison. */
  remove(): void
}

/**
 * The version at a commit, checked out into a temporary folder and installed; or the one in a folder that holds a
 * checkout, as it is.
 */
export function checkOut(version: string, repository: string): Checkout {
  if (existsSync(join(version, 'bench/src/worker.ts'))) return { folder: resolve(version), remove() {} }
  const git = (...words: string[]) => execFileSync('git', ['-C', repository, ...words], { stdio: 'pipe' })
  const into = mkdtempSync(join(tmpdir(), 'lash-bench-version-'))
  git('worktree', 'add', '--detach', into, version)
  const remove = () => void git('worktree', 'remove', '--force', into)
  try {
    const install = ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--prefer-offline']
    execFileSync('npx', install, { cwd: into, stdio: 'pipe' })
  } catch (error) {
    remove()
    throw error
  }
  return { folder: into, remove }
}

/** What the working tree did as a ratio to the other version: of each round, the median over its turns. */
export interface Pairing {
  readonly cell: Cell
  readonly contenderName: string
  /** Operations a second: above 1 is faster. */
  readonly speeds: readonly number[]
  /** Time of processors for one operation: below 1 is less. */
  readonly processor: readonly number[]
}

/** How long a turn takes, in seconds: short, so that what disturbs the machine disturbs both. */
const turnSeconds = 0.1
const turnsOfRound = 5
/** Of fewer, all may be on one side of 1 by chance. */
const leastRounds = 6

/**
 * Measures two checkouts. In each round there is a process of each, which takes short turns with the other. A process
 * is fast or slow as its memory happens to lie, so that rounds are compared, and not turns.
 */
export async function measurePair(
  rounds: number,
  checkouts: { readonly older: string; readonly newer: string },
  entry: Omit<Entry, 'checkout'>,
): Promise<Pairing | undefined> {
  const speeds: number[] = []
  const processor: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = (checkout: string) => ContenderProcess.start({ ...entry, checkout })
    const starting = [start(checkouts.older), start(checkouts.newer)]
    try {
      const [older, newer] = await Promise.all(starting)
      if (older === undefined || newer === undefined) return undefined
      const turns = await takeTurns(entry.cell, older, newer, round)
      speeds.push(median(turns.map(turn => turn.older.seconds / turn.newer.seconds)))
      processor.push(median(turns.map(turn => turn.newer.processor / turn.older.processor)))
    } finally {
      for (const each of await Promise.allSettled(starting)) {
        if (each.status === 'fulfilled') await each.value?.end()
      }
    }
  }
  return { cell: entry.cell, contenderName: entry.contenderName, speeds, processor }
}

/** Who is first changes from turn to turn. */
async function takeTurns(cell: Cell, older: ContenderProcess, newer: ContenderProcess, round: number) {
  const count = await operationsOfTurn(cell, older, newer)
  const turns: { older: Measurement; newer: Measurement }[] = []
  for (let number = 0; number < (count === 1 ? 1 : turnsOfRound); number++) {
    if ((round + number) % 2 === 0) turns.push({ older: await older.turn(count), newer: await newer.turn(count) })
    else turns.push({ newer: await newer.turn(count), older: await older.turn(count) })
  }
  return turns
}

/** As many as the slower of the two does in the time of a turn, once both have taken one that does not count. */
async function operationsOfTurn({ concurrency }: Cell, ...processes: readonly ContenderProcess[]): Promise<number> {
  const least = concurrency > 1 ? concurrency * 4 : 1
  const of = (opsPerSecond: number) => Math.max(least, Math.ceil(opsPerSecond * turnSeconds))
  let count = least
  for (const process of processes) {
    if (process.opsPerSecond === undefined) return 1
    const { operations, seconds } = await process.turn(of(process.opsPerSecond))
    count = Math.max(count, of(operations / seconds))
  }
  return count
}

export function printPairing(pairing: Pairing): void {
  console.log(lineOf(pairing))
}

export function printSummary(pairings: readonly Pairing[]): void {
  for (const verdict of ['slower', 'faster'] as const) {
    const such = pairings.filter(({ speeds }) => verdictOf(speeds) === verdict)
    console.log(`\n${verdict}: ${such.length === 0 ? 'none' : ''}`)
    for (const pairing of such) console.log(`  ${lineOf(pairing)}`)
  }
  if (pairings.length === 0) return
  const logarithms = pairings.map(({ speeds }) => Math.log(median(speeds)))
  const mean = Math.exp(logarithms.reduce((sum, logarithm) => sum + logarithm, 0) / logarithms.length)
  console.log(`\nGeometric mean of ${pairings.length}: ${mean.toFixed(3)}`)
}

function lineOf({ cell, contenderName, speeds, processor }: Pairing): string {
  const name = `${cell.id}: ${contenderName}`.padEnd(56)
  return `${name} ${spreadOf(speeds)} ${verdictOf(speeds).padEnd(8)} processor ${spreadOf(processor)}`
}

function verdictOf(speeds: readonly number[]): 'faster' | 'slower' | '' {
  const [low, high] = medianInterval(speeds)
  if (speeds.length < leastRounds) return ''
  return low > 1 ? 'faster' : high < 1 ? 'slower' : ''
}

function spreadOf(ratios: readonly number[]): string {
  const [low, high] = medianInterval(ratios)
  return `${median(ratios).toFixed(2)} (${low.toFixed(2)}..${high.toFixed(2)})`
}
