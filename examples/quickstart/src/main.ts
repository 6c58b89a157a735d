import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onExit } from 'signal-exit'
import { type Given, messageOf, readArguments, runCommand, UsageError } from './command.ts'
import { runDemo } from './demo.ts'
import { inspectFiles, ownFiles } from './files.ts'
import type { DemoReport } from './report.ts'
import { Terminal } from './terminal.ts'
import { TextView } from './text-view.ts'

const usage = `Usage: pnpm demo [options] [files...]

Stores files as attachments of a session, commits them, lets another process crash before its
commit, sweeps what that one left, and reads every committed byte back.

Without files it takes those of the example, and one of 30 MB that it makes on the fly.

Options:
  --dir <folder>  work in this new or empty folder, and keep it; without it: in a temporary folder
  --json          print one JSON document instead of text
  -h, --help      print this

A file whose name begins with a dash goes after "--", or is written as ./-name.
`

/** Where the person is who typed the command: a package manager may have changed the folder. */
const base = process.env.INIT_CWD ?? process.cwd()

function read(): Given {
  const given = readArguments(process.argv.slice(2), { dir: { type: 'string' } }, true)
  if (given.values.dir === '') throw new UsageError('--dir needs the path of a folder; see --help')
  return given
}

async function demonstrate({ values, paths }: Given): Promise<DemoReport> {
  // Every file is looked at before anything is made.
  const given = await inspectFiles(paths, base)
  const folder = values.dir === undefined ? temporaryFolder() : emptyFolder(resolve(base, String(values.dir)))
  const files = given.length === 0 ? await inspectFiles(await ownFiles(temporaryFolder()), base) : given
  const view = values.json ? undefined : new TextView(new Terminal(process.stdout))
  return runDemo(files, { path: folder, kept: values.dir !== undefined }, view)
}

/** A folder that is gone when the process ends, also by Ctrl-C or a polite kill. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'attachments-quickstart-'))
  onExit(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** The folder, made if need be. @throws UsageError when there is something in it. */
function emptyFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true })
    if (readdirSync(folder).length === 0) return folder
  } catch (error) {
    throw new UsageError(`cannot use the folder ${folder}: ${messageOf(error)}`)
  }
  throw new UsageError(`the folder ${folder} is not empty; give --dir a new one`)
}

// Whoever reads the output may stop reading, as `head` does.
process.stdout.on('error', error => {
  process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? process.exitCode : 1)
})

await runCommand(usage, read, demonstrate)
