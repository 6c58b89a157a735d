import type { JournalEntry } from './journal.ts'

/** What has been done, and what went wrong. */
export interface Tally {
  puts: number
  commits: number
  refusedCommits: number
  reads: number
  releases: number
  drafts: number
  /** Contents that were adopted and committed. */
  adoptions: number
  forks: number
  sweeps: number
  audits: number
  /** Copies that sweeps and audits deleted. */
  reclaimed: number
  kills: number
  losses: number
  /** What went wrong, in words. It includes the losses. */
  readonly problems: string[]
}

export function emptyTally(): Tally {
  const done = { puts: 0, commits: 0, refusedCommits: 0, reads: 0, releases: 0, drafts: 0, adoptions: 0, forks: 0 }
  return { ...done, sweeps: 0, audits: 0, reclaimed: 0, kills: 0, losses: 0, problems: [] }
}

const countedAs = {
  put: 'puts',
  read: 'reads',
  committed: 'commits',
  refused: 'refusedCommits',
  released: 'releases',
  drafted: 'drafts',
  forked: 'forks',
  swept: 'sweeps',
  audited: 'audits',
  lost: 'losses',
} as const

/** Counts what a worker wrote. */
export function count(tally: Tally, entries: readonly JournalEntry[]): void {
  for (const entry of entries) {
    const [kind] = entry
    if (kind in countedAs) tally[countedAs[kind as keyof typeof countedAs]]++
    switch (entry[0]) {
      case 'swept':
      case 'audited':
        tally.reclaimed += entry[1]
        break
      case 'adopted':
        tally.adoptions += entry[1]
        break
      case 'lost':
        tally.problems.push(`${entry[1]} lost ${entry[2].slice(0, 8)}: ${entry[3]}`)
        break
      case 'failed':
        tally.problems.push(`${entry[1]} failed: ${entry[2]}`)
    }
  }
}
