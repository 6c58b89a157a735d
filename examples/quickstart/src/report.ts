import type { AttachmentId, AttachmentRef } from '@lash/attachments-core'

/** What the demo did and found; `--json` prints it. Byte counts are in bytes, times in milliseconds. */
export interface DemoReport extends DemoSteps {
  /** Whether everything was as it has to be. */
  ok: boolean
  /** What was not, a sentence each. */
  problems: string[]
  milliseconds: number
}

export interface DemoSteps {
  folder: { path: string; kept: boolean }
  puts: FilePut[]
  secondPut: SecondPut
  commit: TurnCommit
  otherSession: OtherSessionRead
  crash: Crash
  sweep: SweepResult
  verification: Verification[]
}

export interface FilePut {
  path: string
  name: string
  ref: AttachmentRef
  /** The file before it that has the same bytes: nothing was written for this one. */
  sameBytesAs?: string
  milliseconds: number
}

export interface SecondPut {
  name: string
  id: AttachmentId
  /** Files and bytes in the store's folder after it, as before it. */
  storedFiles: number
  storedBytes: number
  /** Whether any file of the store was changed or added. */
  wroteAnything: boolean
  milliseconds: number
}

export interface TurnCommit {
  sessionId: string
  /** As they are in the session log. */
  refs: AttachmentRef[]
  sessionLogBytes: number
  /** Of the same log with the bytes in it, as base64. */
  inlineLogBytes: number
  milliseconds: number
}

export interface OtherSessionRead {
  sessionId: string
  name: string
  id: AttachmentId
  /** `not_found` is what it has to be. */
  outcome: string
}

export interface Crash {
  sessionId: string
  processId: number
  /** What ended it. */
  signal: string
  /** The bytes that only the crashed process put. */
  orphan: AttachmentRef
  /** The bytes that it put as well and that the first session has committed. */
  shared: { name: string; id: AttachmentId }
  /** Contents that a sweep would take, before the sweep. */
  orphanedContents: number
}

export interface SweepResult {
  reclaimedCount: number
  failures: { id: AttachmentId; error: string }[]
  orphanIsGone: boolean
  sharedIsThere: boolean
  milliseconds: number
}

export interface Verification {
  when: 'in the same process' | 'after reopening'
  files: FileVerification[]
  milliseconds: number
}

export interface FileVerification {
  name: string
  id: AttachmentId
  /** Of the file that was given, and of what came back. */
  expectedSha256: string
  readSha256: string
  matches: boolean
}

/** Everything in the report that is not as it has to be, a sentence each. */
export function findProblems(steps: DemoSteps): string[] {
  const { puts, secondPut, otherSession, crash, sweep, verification } = steps
  return [
    ...problemsOfSecondPut(secondPut, puts),
    ...problemsOfOtherSession(otherSession),
    ...problemsOfCrash(crash),
    ...problemsOfSweep(sweep, crash),
    ...verification.flatMap(round => problemsOfVerification(round, puts)),
  ]
}

export function problemsOfSecondPut(put: SecondPut, puts: readonly FilePut[]): string[] {
  return sentences(
    [put.wroteAnything, `putting ${put.name} a second time changed files of the store`],
    [!puts.some(first => first.ref.id === put.id), `putting ${put.name} again gave another id`],
  )
}

export function problemsOfOtherSession({ sessionId, name, outcome }: OtherSessionRead): string[] {
  return sentences([outcome !== 'not_found', `${sessionId} reads ${name}, which it does not hold: ${outcome}`])
}

export function problemsOfCrash({ signal, orphanedContents }: Crash): string[] {
  return sentences(
    [signal !== 'SIGKILL', `the second process was ended by ${signal}, not by SIGKILL`],
    [orphanedContents !== 1, `${orphanedContents} contents were orphans, not 1`],
  )
}

export function problemsOfSweep(sweep: SweepResult, { orphan, shared }: Crash): string[] {
  return [
    ...sweep.failures.map(({ id, error }) => `the sweep could not delete ${id}: ${error}`),
    ...sentences(
      [sweep.reclaimedCount !== 1, `the sweep took ${sweep.reclaimedCount} contents, not 1`],
      [!sweep.orphanIsGone, `the orphan ${orphan.id} is still in the store`],
      [!sweep.sharedIsThere, `the sweep took ${shared.name}, which is committed`],
    ),
  ]
}

export function problemsOfVerification({ when, files }: Verification, puts: readonly FilePut[]): string[] {
  return sentences(
    ...files.map(({ matches, name, readSha256 }): [boolean, string] => {
      return [!matches, `${name} is not what was put, ${when}: ${readSha256}`]
    }),
    [files.length !== puts.length, `${files.length} of ${puts.length} files are known ${when}`],
  )
}

/** Those that are true. */
function sentences(...all: [isTrue: boolean, sentence: string][]): string[] {
  return all.flatMap(([isTrue, sentence]) => (isTrue ? [sentence] : []))
}
