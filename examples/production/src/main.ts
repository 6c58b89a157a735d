import { Terminal } from '../../quickstart/src/terminal.ts'
import { type ExampleArguments, parseArguments, usage } from './arguments.ts'
import { runDemo } from './demo.ts'
import type { ProductionReport } from './report.ts'
import { openServers } from './servers.ts'
import { TextView } from './text-view.ts'
import { UsageError } from './usage-error.ts'
import { silentView } from './view.ts'
import { withResource } from './with-resource.ts'

/** Why the example is to end: the signal that asks for it. */
class Interruption {
  readonly signal: NodeJS.Signals
  constructor(signal: NodeJS.Signals) {
    this.signal = signal
  }
}

async function main(): Promise<void> {
  const wantsJson = process.argv.includes('--json')
  const interrupted = new AbortController()
  // Once: who asks again, while everything is being put away, ends it at once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interrupted.abort(new Interruption(signal)))
  }
  // Whoever reads the output may stop reading, as `head` does.
  process.stdout.on('error', () => interrupted.abort(new Interruption('SIGTERM')))
  try {
    const given = parseArguments(process.argv.slice(2))
    if (given.help) process.stdout.write(usage)
    else if (!(await demonstrate(given, interrupted.signal))) process.exitCode = 1
  } catch (error) {
    // With the handler gone, the signal sent again ends the process the way its parent expects.
    if (error instanceof Interruption) return void process.kill(process.pid, error.signal)
    process.exitCode = 1
    if (wantsJson) printJson({ ok: false, problems: [messageOf(error)], milliseconds: 0 })
    else process.stderr.write(`${complaint(error)}\n`)
  }
}

async function demonstrate({ seconds, json }: ExampleArguments, signal: AbortSignal): Promise<boolean> {
  const view = new TextView(new Terminal(process.stdout))
  if (!json) view.opening()
  const servers = await openServers(line => process.stderr.write(`${line}\n`))
  const report = await withResource(servers, () => runDemo(servers, seconds, json ? silentView : view, signal))
  if (json) printJson(report)
  else view.finished(report)
  return report.ok
}

function printJson(report: ProductionReport): void {
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The way to put it right is enough for what the user can put right; anything else is for those who mend programs. */
function complaint(error: unknown): string {
  if (error instanceof UsageError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

await main()
