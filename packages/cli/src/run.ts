import { CommanderError } from 'commander'
import { candidates } from './completion/candidates.ts'
import { request } from './completion/command.ts'
import { exitCodes } from './exit-codes.ts'
import { Output } from './output/output.ts'
import { createProgram } from './program.ts'

/** Runs one command line, and sets the exit code of the process. */
export async function run(args: readonly string[]): Promise<void> {
  const program = createProgram()
  if (request.every((word, index) => args[index] === word)) {
    const found = candidates(program, args.slice(request.length))
    process.stdout.write(found.map(([word, description]) => `${word}\t${description}\n`).join(''))
    return
  }
  // Also of a command line that cannot be parsed, whose options nobody has read.
  const output = new Output({ json: args.includes('--json') })
  program.configureOutput({ outputError: text => output.failed(`${inOneLine(text)}; see --help`) })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}

function inOneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
}
