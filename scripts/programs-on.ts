import { join } from 'node:path'
import type { Runtime } from './runtimes.ts'
import { type Outcome, outcomeOf, runCommand } from './step.ts'

/** Runs the scenarios of the HTTP handler on a runtime, in the workspace or in an installation of the tarballs. */
export async function runHttpScenarios(folder: string, runtime: Runtime): Promise<Outcome> {
  const file = join('packages', 'http', 'test', 'runtimes', 'run-here.ts')
  const args = [...runtime.runArguments, file]
  return outcomeOf((await runCommand(runtime.program, args, { cwd: folder, quiet: true })) === 0)
}
