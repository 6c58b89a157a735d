import { readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { ReportJson } from '@lash/attachments-conformance'
import type { Runtime } from './runtimes.ts'
import { failureLine, type Outcome, runCommand, sumOf } from './step.ts'

export interface ColumnsRun {
  /** The workspace, or an installation of the tarballs. */
  folder: string
  runtime: Runtime
  /** Default all. */
  backends?: readonly string[]
  /** Not the whole kit: bytes in and out, streams, commits, crashes, sweeps. */
  essential?: boolean
  /** What it prints is shown only when it fails. */
  quiet?: boolean
}

/**
 * Runs the kit on backends, without a test runner, and counts how it went by backend. The report stands in {@link
 * reportsOf}.
 */
export async function runColumns(run: ColumnsRun): Promise<Map<string, Outcome>> {
  const { folder, runtime, backends = [], essential = false, quiet = false } = run
  const reports = reportsOf(run)
  await rm(reports, { recursive: true, force: true })
  const file = join('conformance', 'test', 'matrix', 'run-columns.ts')
  const options = [...(essential ? ['--essential'] : []), '--reports', reports]
  const args = [...runtime.runArguments, file, ...options, ...backends]
  const exitCode = await runCommand(runtime.program, args, { cwd: folder, quiet })
  const byBackend = await savedOutcomes(join(reports, 'conformance'))
  if (exitCode !== 0 && ![...byBackend.values()].some(({ failed }) => failed > 0)) {
    const failures = [`the kit on ${runtime.name} ${runtime.version} exited with ${exitCode}: see above`]
    byBackend.set('(run)', { passed: 0, failed: 1, skipped: 0, failures })
  }
  return byBackend
}

/** Where a run leaves its report: a folder for each runtime, so that several can run at once. */
export function reportsOf({ folder, runtime }: ColumnsRun): string {
  return join(folder, 'reports', `${runtime.name}-${runtime.version}`)
}

/** What `saveReports` of the kit has left, a file per backend. */
async function savedOutcomes(folder: string): Promise<Map<string, Outcome>> {
  const byBackend = new Map<string, Outcome>()
  for (const name of await readdir(folder).catch(() => [])) {
    const reports = JSON.parse(await readFile(join(folder, name), 'utf8')) as ReportJson[]
    byBackend.set(basename(name, '.json'), sumOf(reports.map(outcomeOfReport)))
  }
  return byBackend
}

/** A problem counts as a failure: something was left open, say. */
function outcomeOfReport({ kind, backend, cases, problems, total }: ReportJson): Outcome {
  const failed = cases.filter(({ status }) => status === 'failed')
  const failures = [
    ...failed.map(({ id, error }) => failureLine(`${kind} ${backend} > ${id}`, error)),
    ...problems.map(problem => failureLine(`${kind} ${backend}`, problem)),
  ]
  return { passed: total.passed + total.knownFailures, failed: failures.length, skipped: 0, failures }
}
