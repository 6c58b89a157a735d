import type { Audit, CleanUp, FinalSweep, ProductionReport, UrlFetch, Verification, WorkResult } from './report.ts'

/** As many of a kind are told; one would do. */
const mostOfAKind = 10

type Finished = Required<Omit<ProductionReport, 'ok' | 'problems' | 'milliseconds' | 'url'>> & {
  url: UrlFetch | undefined
}

/** Everything in the report that is not as it has to be, a sentence each. */
export function findProblems(report: Finished): string[] {
  return [
    ...ofWork(report.work),
    ...ofFinalSweep(report.finalSweep),
    ...ofAudit(report.audit),
    ...ofVerification(report.verification),
    ...ofUrl(report.url),
    ...ofCleanUp(report.cleanUp),
  ]
}

function ofWork({ workers, sweeper, crash, problems: found }: WorkResult): string[] {
  const problems = found.slice(0, mostOfAKind)
  for (const { name, tally } of workers) if (tally.turns === 0) problems.push(`${name} saved no turn`)
  if (sweeper.sweeps === 0) problems.push('the sweeper did not sweep once')
  if (crash.signal !== 'SIGKILL') problems.push(`${crash.worker} was ended by ${crash.signal}, not by SIGKILL`)
  return problems
}

function ofFinalSweep({ failures, uncommitted }: FinalSweep): string[] {
  const problems = failures.slice(0, mostOfAKind).map(failure => `the last sweep could not delete ${failure}`)
  if (uncommitted > 0) problems.push(`${uncommitted} contents that nobody has committed are left after the last sweep`)
  return problems
}

function ofAudit({ failures, stray, strayIsGone }: Audit): string[] {
  const problems = failures.slice(0, mostOfAKind).map(failure => `the audit could not delete ${failure}`)
  if (!strayIsGone) problems.push(`the audit left the stray ${stray}`)
  return problems
}

function ofVerification(verification: Verification): string[] {
  const { refs, wrong, disagreements, unexpectedCopies, missingCopies } = verification
  const tell = (list: readonly string[], say: (one: string) => string) => list.slice(0, mostOfAKind).map(say)
  const problems = wrong
    .slice(0, mostOfAKind)
    .map(({ conversationId, id, found }) => `${conversationId} has lost ${id}: ${found}`)
  if (wrong.length > mostOfAKind) problems.push(`and ${wrong.length - mostOfAKind} more are lost`)
  if (refs === 0) problems.push('nothing was committed')
  return [
    ...problems,
    ...tell(disagreements, one => one),
    ...tell(missingCopies, name => `${name} is committed and not in the bucket`),
    ...tell(unexpectedCopies, name => `${name} is in the bucket and nobody has committed it`),
  ]
}

function ofUrl(url: UrlFetch | undefined): string[] {
  if (url === undefined) return ['there was nothing to make a URL for']
  const problems: string[] = []
  if (url.status !== 200) problems.push(`the URL of ${url.id} answered ${url.status}`)
  else if (!url.matches) problems.push(`the URL of ${url.id} gave other bytes`)
  if (url.status === 200 && url.mediaType !== url.expectedMediaType) {
    problems.push(`the URL of ${url.id} said ${url.mediaType}, not ${url.expectedMediaType}`)
  }
  return problems
}

function ofCleanUp({ objectsLeft, schemaLeft }: CleanUp): string[] {
  const problems: string[] = []
  if (objectsLeft > 0) problems.push(`${objectsLeft} objects are left in the bucket`)
  if (schemaLeft) problems.push('the schema is left in the database')
  return problems
}
