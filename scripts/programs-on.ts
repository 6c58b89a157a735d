import { join } from 'node:path'
import type { Runtime } from './runtimes.ts'
import { type Outcome, outcomeOf, runCommand, sumOf } from './step.ts'

/** Programs that need no test runner, and exit with another code than 0 when something is wrong. */
const programs: readonly (readonly [ofPackage: string, file: string])[] = [
  ['http', 'run-here.ts'],
  ['core', 'events.ts'],
]

/** Runs the scenarios of the HTTP handler, and what publishes events, in the workspace or in an installation. */
export async function runPrograms(folder: string, runtime: Runtime): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (const [ofPackage, file] of programs) {
    const args = [...runtime.runArguments, join('packages', ofPackage, 'test', 'runtimes', file)]
    outcomes.push(outcomeOf((await runCommand(runtime.program, args, { cwd: folder, quiet: true })) === 0))
  }
  return sumOf(outcomes)
}
