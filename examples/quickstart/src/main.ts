import { resolve } from 'node:path'
import { type DemoArguments, parseArguments, usage } from './arguments.ts'
import { defaultFiles } from './default-files.ts'
import { runDemo } from './demo.ts'
import { type DemoFolder, openFolder } from './demo-folder.ts'
import { messageOf, UsageError } from './failure.ts'
import { type InputFile, inspectFiles } from './input-file.ts'
import type { DemoReport } from './report.ts'
import { Terminal } from './terminal.ts'
import { TextView } from './text-view.ts'
import { silentView } from './view.ts'

/** Where the person is who typed the command: a package manager may have changed the folder. */
const base = process.env.INIT_CWD ?? process.cwd()

async function main(): Promise<void> {
  const wantsJson = process.argv.includes('--json')
  try {
    const given = parseArguments(process.argv.slice(2))
    if (given.help) process.stdout.write(usage)
    else if (!(await demonstrate(given))) process.exitCode = 1
  } catch (error) {
    process.exitCode = 1
    if (wantsJson) printJson({ ok: false, problems: messageOf(error).split('\n'), milliseconds: 0 })
    else process.stderr.write(`${complaint(error)}\n`)
  }
}

async function demonstrate(given: DemoArguments): Promise<boolean> {
  const inspected = await inspectFiles(given.paths, base)
  const folder = openFolder(given.directory && resolve(base, given.directory))
  const made = inspected.length === 0 ? openFolder(undefined) : undefined
  try {
    const files = made === undefined ? inspected : await inspectDefaultFiles(made)
    const view = new TextView(new Terminal(process.stdout))
    const report = await runDemo(files, folder, given.json ? silentView : view)
    if (given.json) printJson(report)
    else view.finished(report)
    return report.ok
  } finally {
    made?.[Symbol.dispose]()
    folder[Symbol.dispose]()
  }
}

async function inspectDefaultFiles(folder: DemoFolder): Promise<InputFile[]> {
  return inspectFiles(await defaultFiles(folder.path), base)
}

function printJson(report: DemoReport): void {
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
}

/** The way to put it right is enough for what the user can put right; anything else is for those who mend programs. */
function complaint(error: unknown): string {
  if (error instanceof UsageError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

// Whoever reads the output may stop reading, as `head` does.
process.stdout.on('error', error => {
  process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? process.exitCode : 1)
})

await main()
