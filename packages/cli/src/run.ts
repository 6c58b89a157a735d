import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { Output } from './output/output.ts'
import { createProgram } from './program.ts'

/** What the scripts that complete command lines ask, before the words that stand on the line. */
const request: readonly string[] = ['complete', '--']

/** Runs one command line, and sets the exit code of the process. */
export async function run(args: readonly string[]): Promise<void> {
  // Also of a command line that cannot be parsed, whose options nobody has read.
  const output = new Output({ json: args.includes('--json') })
  hearOfLostOutput(output)
  if (request.every((word, index) => args[index] === word)) return complete(args.slice(request.length))
  const program = await createProgram(args[0], {
    outputError: text => output.failed(`${inOneLine(text)}; see --help`),
    ...(output.json && { writeErr: () => output.failed('which command? See --help') }),
  })
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}

/** Whoever reads the output may stop reading, as `head` does; a disk may be full. */
function hearOfLostOutput(output: Output): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exitCode = error.code === 'EPIPE' ? exitCodes.outputClosed : exitCodes.failed
    if (error.code !== 'EPIPE') output.failed(error, 'the output')
  })
  // Nobody is left to be told, and the work goes on.
  process.stderr.on('error', () => {})
}

async function complete(words: readonly string[]): Promise<void> {
  const { candidates } = await import('./completion/candidates.ts')
  const found = candidates(await createProgram(), words)
  process.stdout.write(found.map(([word, description]) => `${word}\t${description}\n`).join(''))
}

function inOneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '')
}
