import { type ConformanceReport, groupsOf, inGroup, tally } from './report.ts'

/** How much of the contract was shown to hold, for comparing backends. */
export interface Grade {
  /** From 95, 85 and 70 % shown; D below; F when a case failed or the run has a problem. */
  readonly letter: 'A' | 'B' | 'C' | 'D' | 'F'
  /**
   * The share of cases that passed, of all that there are, in percent: the mean of the groups, so that a group of many
   * cases counts no more than one of few. Rounded down.
   */
  readonly shown: number
}

/** What a letter needs, in percent shown. */
const letters = [
  ['A', 95],
  ['B', 85],
  ['C', 70],
  ['D', 0],
] as const

export function gradeOf({ ok, outcomes }: Pick<ConformanceReport, 'ok' | 'outcomes'>): Grade {
  const shares = groupsOf(outcomes).map(group => {
    const ofGroup = inGroup(outcomes, group)
    return tally(ofGroup).passed / ofGroup.length
  })
  const mean = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length)
  // A sum of fractions may miss a whole by a hair.
  const shown = Math.floor(mean * 100 + 1e-9)
  const letter = letters.find(([, least]) => shown >= least)?.[0] ?? 'D'
  return { letter: ok && outcomes.length > 0 ? letter : 'F', shown }
}
