import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'

/** Something that the person who runs the command can put right. Shown without a stack. */
export class UsageError extends Error {}

/** What an error says, for a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export interface Given {
  values: { [name: string]: string | boolean | undefined }
  paths: string[]
}

/**
 * Reads a command line that has `--json`, `--help` and the options. pnpm may pass on the `--` that separates its own
 * options: ours are still understood after it, unless something there is no option of ours. Then all of it is files.
 * @throws UsageError
 */
export function readArguments(given: readonly string[], own: ParseArgsOptionsConfig, takesFiles: boolean): Given {
  const options = { ...own, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
  const parse = (args: readonly string[]): Given => {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: takesFiles })
    return { values: values as Given['values'], paths: positionals }
  }
  const separated = given[0] === '--'
  try {
    return parse(separated ? given.slice(1) : given)
  } catch (error) {
    const isUnknownOption = (error as NodeJS.ErrnoException).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
    if (separated && takesFiles && isUnknownOption) return parse(given)
    throw new UsageError(`${messageOf(error)}; see --help`)
  }
}

/** Why a demo is to end: the signal that asks for it. */
class Interruption {
  readonly signal: NodeJS.Signals
  constructor(signal: NodeJS.Signals) {
    this.signal = signal
  }
}

/** Aborts when the demo is to end. Once: who asks again, while everything is being put away, ends it at once. */
export function whenInterrupted(): AbortSignal {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interrupted.abort(new Interruption(signal)))
  }
  // Whoever reads the output may stop reading, as `head` does.
  process.stdout.on('error', () => interrupted.abort(new Interruption('SIGTERM')))
  return interrupted.signal
}

/** What a demo finds; `--json` prints it. */
export interface Report {
  ok: boolean
  problems: string[]
}

/** Runs a demo, and prints its report with `--json`. The exit code is 1 when anything is not as it has to be. */
export async function runCommand(usage: string, read: () => Given, run: (given: Given) => Promise<Report>) {
  const wantsJson = process.argv.includes('--json')
  try {
    const given = read()
    if (given.values.help) return void process.stdout.write(usage)
    const report = await run(given)
    if (given.values.json) printJson(report)
    if (!report.ok) process.exitCode = 1
  } catch (error) {
    // With the handler gone, the signal sent again ends the process the way its parent expects.
    if (error instanceof Interruption) return void process.kill(process.pid, error.signal)
    process.exitCode = 1
    if (wantsJson) printJson({ ok: false, problems: messageOf(error).split('\n'), milliseconds: 0 })
    else process.stderr.write(`${complaint(error)}\n`)
  }
}

function printJson(report: object): void {
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
}

/** Users can put a `UsageError` right. Anything else is for those who mend programs, and they need the stack. */
function complaint(error: unknown): string {
  if (error instanceof UsageError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
