import { type Command, Option } from 'commander'
import { Context, type GlobalOptions, type SessionOptions } from './context.ts'
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts'
import { interruption } from './interruption.ts'
import { Output } from './output/output.ts'

/**
 * An action of a command. It gets what it works with, then its arguments, then its options, and may resolve with an
 * exit code other than 0. What it throws is explained, and becomes an exit code.
 */
export function action<Given extends unknown[]>(
  work: (context: Context, ...given: Given) => Promise<ExitCode | undefined>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command
    const options = command.optsWithGlobals<GlobalOptions & SessionOptions>()
    const output = new Output(options)
    const interrupted = interruption()
    const context = new Context(options, output, interrupted.signal)
    let exitCode: ExitCode
    try {
      exitCode = (await work(context, ...(given.slice(0, -1) as Given))) ?? exitCodes.ok
    } catch (error) {
      exitCode = exitCodeOf(error)
      if (!interrupted.signal.aborted && error !== process.stdout.errored) output.failed(error)
    }
    output.end()
    try {
      await context.close()
    } catch (error) {
      if (!interrupted.signal.aborted) output.failed(error)
      exitCode = exitCodeOf(error)
    }
    // Where the output could not be written, that is known already.
    process.exitCode ??= exitCode
    interrupted.end()
  }
}

/** For commands that work on what belongs to a session. */
export function sessionOptions(command: Command): Command {
  return command
    .option('--session <id>', 'what belongs to this session; needs a manifest')
    .option('--holder <name>', 'what this holder in the session has, such as a message')
}

/** For commands that change something which they can say beforehand. */
export function dryRunOption(command: Command): Command {
  return command.option('-n, --dry-run', 'say what would be done, and change nothing')
}

/** Examples stand at the end of the help. Each is a comment and a command line, without the name of the program. */
export function examples(command: Command, ...lines: readonly (readonly [comment: string, line: string])[]): Command {
  const text = lines.map(([comment, line]) => `  # ${comment}\n  lash-attachments ${line}`).join('\n\n')
  return command.addHelpText('after', `\nExamples:\n${text}`)
}

export function globalOptions(command: Command): Command {
  return command
    .addOption(new Option('--store <url>', 'where the bytes are').env('LASH_ATTACHMENTS_STORE'))
    .addOption(new Option('--manifest <url>', 'who refers to which').env('LASH_ATTACHMENTS_MANIFEST'))
    .option('--use <package>', 'opens URLs of other schemes')
    .option('--json', 'JSON, one value a line')
    .option('-q, --quiet', 'no progress and no remarks')
}
