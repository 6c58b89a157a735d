import type { JournalEntry } from './journal.ts'

/** What has been done, and what went wrong. */
export interface Tally {
  puts: number
  commits: number
  refusedCommits: number
  reads: number
  releases: number
  sweeps: number
  audits: number
  /** Copies that sweeps and audits deleted. */
  reclaimed: number
  kills: number
  losses: number
  /** What went wrong, in words; losses too. */
  readonly problems: string[]
}

export function emptyTally(): Tally {
  return {
    puts: 0,
    commits: 0,
    refusedCommits: 0,
    reads: 0,
    releases: 0,
    sweeps: 0,
    audits: 0,
    reclaimed: 0,
    kills: 0,
    losses: 0,
    problems: [],
  }
}

/** Counts what a worker wrote. */
export function count(tally: Tally, entries: readonly JournalEntry[]): void {
  for (const entry of entries) {
    switch (entry[0]) {
      case 'put':
        tally.puts++
        break
      case 'read':
        tally.reads++
        break
      case 'committed':
        tally.commits++
        break
      case 'refused':
        tally.refusedCommits++
        break
      case 'released':
        tally.releases++
        break
      case 'swept':
        tally.sweeps++
        tally.reclaimed += entry[1]
        break
      case 'audited':
        tally.audits++
        tally.reclaimed += entry[1]
        break
      case 'lost':
        tally.losses++
        tally.problems.push(`${entry[1]} lost ${entry[2].slice(0, 8)}: ${entry[3]}`)
        break
      case 'failed':
        tally.problems.push(`${entry[1]} failed: ${entry[2]}`)
        break
    }
  }
}
