import type { Crash, DemoReport, FilePut, OtherSessionRead, SecondPut, SweepResult, Verification } from './report.ts'

/** Everything in the report that is not as it has to be, a sentence each. */
export function findProblems(report: Required<Omit<DemoReport, 'ok' | 'problems' | 'milliseconds'>>): string[] {
  return [
    ...ofSecondPut(report.secondPut, report.puts),
    ...ofOtherSession(report.otherSession),
    ...ofSweep(report.sweep, report.crash),
    ...report.verification.flatMap(verification => ofVerification(verification, report.puts)),
  ]
}

function ofSecondPut(put: SecondPut, puts: readonly FilePut[]): string[] {
  const problems: string[] = []
  if (put.wroteAnything) problems.push(`putting ${put.name} a second time changed files of the store`)
  if (!puts.some(first => first.ref.id === put.id)) problems.push(`putting ${put.name} again gave another id`)
  return problems
}

function ofOtherSession(read: OtherSessionRead): string[] {
  if (read.outcome === 'not_found') return []
  return [`${read.sessionId} reads ${read.name}, which it does not hold: ${read.outcome}`]
}

function ofSweep(sweep: SweepResult, crash: Crash): string[] {
  const problems = sweep.failures.map(({ id, error }) => `the sweep could not delete ${id}: ${error}`)
  if (crash.signal !== 'SIGKILL') problems.push(`the second process was ended by ${crash.signal}, not by SIGKILL`)
  if (crash.orphanedContents !== 1) problems.push(`${crash.orphanedContents} contents were orphans, not 1`)
  if (sweep.reclaimedCount !== 1) problems.push(`the sweep took ${sweep.reclaimedCount} contents, not 1`)
  if (!sweep.orphanIsGone) problems.push(`the orphan ${crash.orphan.id} is still in the store`)
  if (!sweep.sharedIsThere) problems.push(`the sweep took ${crash.shared.name}, which is committed`)
  return problems
}

function ofVerification(verification: Verification, puts: readonly FilePut[]): string[] {
  const problems = verification.files
    .filter(file => !file.matches)
    .map(file => `${file.name} is not what was put, ${verification.when}: ${file.readSha256}`)
  if (verification.files.length !== puts.length) {
    problems.push(`${verification.files.length} of ${puts.length} files are known ${verification.when}`)
  }
  return problems
}
