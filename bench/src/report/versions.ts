import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { measureInChild, type Turn } from '../measure/measure-in-child.ts'
import { median } from '../measure/statistics.ts'

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
 * The version at a commit, checked out into `into` and installed; or the one in a folder that holds a checkout, as it
 * is.
 */
export function checkOut(version: string, repository: string, into: string): Checkout {
  if (existsSync(join(version, 'bench/src/worker.ts'))) return { folder: resolve(version), remove() {} }
  const git = (...words: string[]) => execFileSync('git', ['-C', repository, ...words], { stdio: 'pipe' })
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

/** How fast the working tree was, as a ratio to the other version: above 1 is faster. */
export interface Pairing {
  readonly cellId: string
  readonly contenderName: string
  /** One of each round. */
  readonly ratios: readonly number[]
}

/**
 * Measures two checkouts in turns; each round begins with the one that the last ended with. Gives the ratios, new to
 * old.
 */
export async function measurePair(
  rounds: number,
  checkouts: { readonly older: string; readonly newer: string },
  turn: Omit<Turn, 'checkout'>,
): Promise<number[]> {
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const speeds = { older: 0, newer: 0 }
    for (const which of round % 2 === 0 ? (['older', 'newer'] as const) : (['newer', 'older'] as const)) {
      const measurement = await measureInChild({ ...turn, checkout: checkouts[which] })
      if (measurement === undefined) return []
      speeds[which] = measurement.operations / measurement.seconds
    }
    ratios.push(speeds.newer / speeds.older)
  }
  return ratios
}

export function printPairing(pairing: Pairing): void {
  console.log(`${nameOf(pairing).padEnd(64)} ${spreadOf(pairing)}`)
}

export function printSummary(pairings: readonly Pairing[]): void {
  const slower = pairings.filter(({ ratios }) => Math.max(...ratios) < 1)
  console.log(`\nClearly slower, in every round: ${slower.length === 0 ? 'none' : ''}`)
  for (const pairing of slower) console.log(`  ${nameOf(pairing)}  ${spreadOf(pairing)}`)
  const logarithms = pairings.map(({ ratios }) => Math.log(median(ratios)))
  const mean = Math.exp(logarithms.reduce((sum, logarithm) => sum + logarithm, 0) / logarithms.length)
  console.log(`Geometric mean of ${pairings.length}: ${mean.toFixed(3)}`)
}

function nameOf({ cellId, contenderName }: Pairing): string {
  return `${cellId}: ${contenderName}`
}

function spreadOf({ ratios }: Pairing): string {
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)})`
}
