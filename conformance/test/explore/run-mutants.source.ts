import './mutation-hooks.ts'
import type { ExplorationFailure } from '../../src/explore/index.ts'
import { rules } from './rules.ts'

/** How the explorer caught one rule switched off, or what it explored without catching it. */
export interface MutantOutcome {
  readonly mutant: number
  readonly kind: string
  readonly message: string
}

// Prints a line of JSON for each rule whose number is given.
for (const mutant of process.argv.slice(2).map(Number)) {
  console.log(JSON.stringify(await outcomeOf(mutant, rules[mutant]?.plan ?? '')))
}

async function outcomeOf(mutant: number, planName: string): Promise<MutantOutcome> {
  const load = (path: string) => import(`${path}?mutant=${mutant}`)
  try {
    const { exploreAll, planNamed } = (await load(
      '../../src/explore/index.ts',
    )) as typeof import('../../src/explore/index.ts')
    const { memoryPair } = (await load('./memory-harness.ts')) as typeof import('./memory-harness.ts')
    const { states } = await exploreAll(memoryPair, planNamed(planName))
    return { mutant, kind: 'not caught', message: `${states} states of ${planName} are fine` }
  } catch (error) {
    const { violation, message } = error as ExplorationFailure
    return { mutant, kind: violation?.kind ?? 'error', message }
  }
}
