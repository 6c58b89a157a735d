import type { AttachmentId } from '@lash/attachments-core'
import type { SweeperTally, WorkerTally } from './messages.ts'

/** What the run did and found; `--json` prints it. Byte counts are in bytes, times in milliseconds. */
export interface ProductionReport {
  /** Whether everything was as it has to be. */
  ok: boolean
  /** What was not, a sentence each. */
  problems: string[]
  places?: Places
  work?: WorkResult
  finalSweep?: FinalSweep
  audit?: Audit
  verification?: Verification
  url?: UrlFetch
  cleanUp?: CleanUp
  milliseconds: number
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
