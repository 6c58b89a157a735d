import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { Output } from './output/output.ts'
import { createProgram } from './program.ts'

/** Runs one command line, and sets the exit code of the process. */
export async function run(args: readonly string[]): Promise<void> {
  const program = createProgram()
  // Also of a command line that cannot be parsed, whose options nobody has read.
  const output = new Output({ json: args.includes('--json') })
  program.configureOutput({ outputError: text => output.failed(`${text.replace(/^error: /, '').trim()}; see --help`) })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}
