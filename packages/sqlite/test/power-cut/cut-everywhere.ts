import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '@lash/attachments-conformance/explore'
import { allKept, allLost, Disk, describeState, type Operation, randomFate } from '@lash/attachments-testing/power-cut'
import { type Findings, findingsIn } from './findings.ts'
import { Progress } from './progress.ts'
import { type Scenario, type Step, scenarios } from './steps.ts'

export interface Recording {
  /** The folder that was recorded. */
  base: string
  /** The path of the database in that folder. */
  database: string
  scenario: Scenario
  operations: readonly Operation[]
}

export interface Outcome {
  /** How many distinct states were opened. */
  states: number
  /** What was found and must not be there, each kind once. */
  problems: string[]
}

/** Whether it only adds to what is not synced: a cut after it leaves nothing that a later cut could not leave too. */
function onlyAdds({ kind }: Operation): boolean {
  return kind === 'write' || kind === 'resize' || kind === 'close'
}

/**
 * Cuts the power after every operation, and looks at what may be left: everything that was not synced is lost, or
 * nothing is, or, as often as `chances` says, some of it at random.
 */
export async function cutEverywhere(recording: Recording, chances: number): Promise<Outcome> {
  const { base, database, scenario, operations } = recording
  // Thousands of syncs would take long and prove nothing here. In memory they cost nothing.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'power-cut-'))
  const random = new Random(7)
  const fates = [allLost, allKept, ...Array.from({ length: chances }, () => randomFate(random))]
  const disk = new Disk(base)
  const progress = new Progress(scenarios[scenario] as readonly Step[])
  const known = new Map<string, Findings>()
  const problems = new Set<string>()
  try {
    for (const operation of operations) {
      disk.apply(operation)
      if (operation.kind === 'mark') progress.mark(operation.text)
      if (onlyAdds(operation)) continue
      for (const fate of fates) {
        const state = disk.stateAfterPowerCut(fate, path => path.endsWith('-shm'))
        const key = describeState(state)
        const findings =
          known.get(key) ?? (await findingsIn(state, join(folder, `state-${known.size}`), database, scenario))
        known.set(key, findings)
        for (const problem of progress.problems(findings)) problems.add(problem)
      }
    }
    return { states: known.size, problems: [...problems] }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
