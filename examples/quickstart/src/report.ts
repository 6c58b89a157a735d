import type { AttachmentId, AttachmentRef } from '@lash/attachments-core'

/** What the demo did and found; `--json` prints it. Byte counts are in bytes, times in milliseconds. */
export interface DemoReport {
  /** Whether everything was as it has to be. */
  ok: boolean
  /** What was not, a sentence each. */
  problems: string[]
  folder?: { path: string; kept: boolean }
  puts?: FilePut[]
  secondPut?: SecondPut
  commit?: TurnCommit
  otherSession?: OtherSessionRead
  crash?: Crash
  sweep?: SweepResult
  verification?: Verification[]
  milliseconds: number
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
