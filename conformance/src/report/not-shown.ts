import { knownCapabilities } from '../declared/capabilities.ts'
import type { Capability } from '../harness.ts'
import type { ConformanceReport } from './report.ts'

/** Something that a run has not shown, since the harness lacks a capability. */
export interface NotShown {
  readonly capability: Capability
  /** How many cases did not apply for want of it. */
  readonly cases: number
  /** What they would have shown. */
  readonly shows: string
  /** Why the harness lacks it, if it says so. */
  readonly why?: string
  /** Nearly every backend has it, and the harness does not say why this one has not. */
  readonly isCalledOut: boolean
}

/** What was not shown. What is called out comes first, then what most cases needed. */
export function notShown({ outcomes }: Pick<ConformanceReport, 'outcomes'>): NotShown[] {
  const byCapability = new Map<Capability, NotShown>()
  for (const { needs, reason } of outcomes) {
    if (needs === undefined) continue
    const { shows, isCore } = knownCapabilities[needs]
    const cases = (byCapability.get(needs)?.cases ?? 0) + 1
    const isCalledOut = isCore && reason === undefined
    byCapability.set(needs, { capability: needs, cases, shows, isCalledOut, ...(reason && { why: reason }) })
  }
  return [...byCapability.values()].sort((a, b) => Number(b.isCalledOut) - Number(a.isCalledOut) || b.cases - a.cases)
}

/** What was not shown, a line for each: `NOT SHOWN` for what is called out. */
export function notShownLines(report: Pick<ConformanceReport, 'outcomes'>): string[] {
  return notShown(report).map(({ capability, cases, shows, why, isCalledOut }) => {
    const reason = why ?? (isCalledOut ? 'the harness neither declares it nor says in `lacks` why not' : 'undeclared')
    return `${isCalledOut ? 'NOT SHOWN' : 'not shown'}: ${shows} (${cases === 1 ? '1 case needs' : `${cases} cases need`} ${capability}): ${reason}`
  })
}
