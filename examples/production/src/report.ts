import type { AttachmentId } from '@lash/attachments-core'

/** What the run did and found; `--json` prints it. Byte counts are in bytes, times in milliseconds. */
export interface ProductionReport extends ProductionSteps {
  /** Whether everything was as it has to be. */
  ok: boolean
  /** What was not, a sentence each. */
  problems: string[]
  milliseconds: number
}

export interface ProductionSteps {
  places: Places
  work: WorkResult
  finalSweep: FinalSweep
  audit: Audit
  verification: Verification
  /** Absent when nothing was saved. */
  url?: UrlFetch | undefined
  cleanUp: CleanUp
}

export interface Places {
  /** Host, port and database; no credentials. */
  postgres: string
  schema: string
  /** Server and bucket. */
  s3: string
  prefix: string
  /** Started for this run. */
  own: { postgres: boolean; s3: boolean }
}

export interface WorkResult {
  workers: { name: string; tally: WorkerTally }[]
  sweeper: SweeperTally
  crash: Crash
  /** What the processes themselves found to be wrong. */
  problems: string[]
  milliseconds: number
}

/** What one life of a worker process has done so far. */
export interface WorkerTally {
  /** Turns saved, and turns that the user stopped. */
  turns: number
  cancelledTurns: number
  /** Attachments of the turns saved, and their bytes. */
  attachments: number
  bytes: number
  /** Attachments of earlier turns that were read for a later one. */
  readBack: number
  /** Attachments whose intent had expired at the commit, and that were put again. */
  putAgain: number
  deletedConversations: number
}

/** What one life of the sweeper process has done so far. */
export interface SweeperTally {
  sweeps: number
  reclaimed: number
  failures: number
}

export const noWork: WorkerTally = {
  turns: 0,
  cancelledTurns: 0,
  attachments: 0,
  bytes: 0,
  readBack: 0,
  putAgain: 0,
  deletedConversations: 0,
}

export function sumOfWork(tallies: readonly WorkerTally[]): WorkerTally {
  const sum = { ...noWork }
  for (const tally of tallies) for (const name of Object.keys(sum) as (keyof WorkerTally)[]) sum[name] += tally[name]
  return sum
}

export interface Crash {
  worker: string
  processId: number
  /** What ended it. */
  signal: string | null
  afterMilliseconds: number
  /** Refs that it had put and not committed, and that no sweep had taken yet. */
  uncommittedRefs: number
  /** What its successor found. */
  resumedConversations: number
  finishedDeletions: number
}

/** Without any grace, when nobody works any more: everything that is not committed goes. */
export interface FinalSweep {
  reclaimed: number
  failures: string[]
  /** Contents that are still uncommitted afterwards. */
  uncommitted: number
  milliseconds: number
}

export interface Audit {
  /** Put past the manifest, for the audit to find. */
  stray: AttachmentId
  listed: number
  reclaimed: number
  failures: string[]
  strayIsGone: boolean
  milliseconds: number
}

export interface Verification {
  conversations: number
  turns: number
  /** Distinct contents of each conversation, over all conversations. */
  refs: number
  bytes: number
  /** Refs that read back with the right hash and length. */
  right: number
  wrong: { conversationId: string; id: AttachmentId; found: string }[]
  /** Where the turns and the manifest do not say the same. */
  disagreements: string[]
  /** Copies in the bucket, and those that no ref names or that a ref names and that are not there. */
  copies: number
  unexpectedCopies: string[]
  missingCopies: string[]
  milliseconds: number
}

export interface UrlFetch {
  id: AttachmentId
  status: number
  expectedMediaType: string
  mediaType: string | null
  byteLength: number
  matches: boolean
  milliseconds: number
}

export interface CleanUp {
  objectsDeleted: number
  objectsLeft: number
  schemaLeft: boolean
}

/** Everything in the report that is not as it has to be, a sentence each. */
export function findProblems({ work, finalSweep, audit, verification, url, cleanUp }: ProductionSteps): string[] {
  return [
    ...problemsOfWork(work),
    ...problemsOfFinalSweep(finalSweep),
    ...problemsOfAudit(audit),
    ...problemsOfReads(verification),
    ...problemsOfManifest(verification),
    ...problemsOfBucket(verification),
    ...problemsOfUrl(url),
    ...problemsOfCleanUp(cleanUp),
  ]
}

export function problemsOfWork({ workers, sweeper, crash, problems }: WorkResult): string[] {
  return [
    ...some(problems),
    ...workers.filter(({ tally }) => tally.turns === 0).map(({ name }) => `${name} saved no turn`),
    ...when(sweeper.sweeps === 0, 'the sweeper did not sweep once'),
    ...when(crash.signal !== 'SIGKILL', `${crash.worker} was ended by ${crash.signal}, not by SIGKILL`),
  ]
}

export function problemsOfFinalSweep({ failures, uncommitted }: FinalSweep): string[] {
  return [
    ...some(failures).map(failure => `the last sweep could not delete ${failure}`),
    ...when(uncommitted > 0, `${uncommitted} contents that nobody has committed are left after the last sweep`),
  ]
}

export function problemsOfAudit({ failures, stray, strayIsGone }: Audit): string[] {
  return [
    ...some(failures).map(failure => `the audit could not delete ${failure}`),
    ...when(!strayIsGone, `the audit left the stray ${stray}`),
  ]
}

export function problemsOfReads({ refs, wrong }: Verification): string[] {
  return [
    ...some(wrong).map(({ conversationId, id, found }) => `${conversationId} has lost ${id}: ${found}`),
    ...when(wrong.length > mostOfAKind, `and ${wrong.length - mostOfAKind} more are lost`),
    ...when(refs === 0, 'nothing was committed'),
  ]
}

export function problemsOfManifest({ disagreements }: Verification): string[] {
  return some(disagreements)
}

export function problemsOfBucket({ missingCopies, unexpectedCopies }: Verification): string[] {
  return [
    ...some(missingCopies).map(name => `${name} is committed and not in the bucket`),
    ...some(unexpectedCopies).map(name => `${name} is in the bucket and nobody has committed it`),
  ]
}

export function problemsOfUrl(url: UrlFetch | undefined): string[] {
  if (url === undefined) return ['there was nothing to make a URL for']
  const { id, status, matches, mediaType, expectedMediaType } = url
  if (status !== 200) return [`the URL of ${id} answered ${status}`]
  return [
    ...when(!matches, `the URL of ${id} gave other bytes`),
    ...when(mediaType !== expectedMediaType, `the URL of ${id} said ${mediaType}, not ${expectedMediaType}`),
  ]
}

export function problemsOfCleanUp({ objectsLeft, schemaLeft }: CleanUp): string[] {
  return [
    ...when(objectsLeft > 0, `${objectsLeft} objects are left in the bucket`),
    ...when(schemaLeft, 'the schema is left in the database'),
  ]
}

/** As many of a kind are told; one would do. */
const mostOfAKind = 10

function some<T>(all: readonly T[]): T[] {
  return all.slice(0, mostOfAKind)
}

function when(isTrue: boolean, sentence: string): string[] {
  return isTrue ? [sentence] : []
}
