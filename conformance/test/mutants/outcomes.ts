import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Runs a script that tries mutants, in processes of its own, and reads the lines of JSON that they print. The script
 * gets the numbers of those that it is to try.
 * @param count - how many mutants there are.
 */
export async function outcomesOf<Outcome>(script: URL, count: number): Promise<Outcome[]> {
  const numbers = Array.from({ length: count }, (_, mutant) => `${mutant}`)
  const halves = [0, 1].map(half => numbers.filter((_, mutant) => mutant % 2 === half))
  const printed = await Promise.all(halves.map(half => printedBy(script, half)))
  return printed.flat().map(line => JSON.parse(line) as Outcome)
}

async function printedBy(script: URL, mutants: readonly string[]): Promise<string[]> {
  const { stdout } = await run(process.execPath, [fileURLToPath(script), ...mutants], { maxBuffer: 1 << 26 })
  return stdout.trim().split('\n')
}
