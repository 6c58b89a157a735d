import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Runs a script that tries mutants, in a process of its own, and reads the lines of JSON that it prints. */
export async function outcomesOf<Outcome>(script: URL): Promise<Outcome[]> {
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, [fileURLToPath(script)], { maxBuffer: 1 << 26 })
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Outcome)
}
