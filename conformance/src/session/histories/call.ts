import type { AttachmentRef, OrphanClaim } from '@lash/attachments-core'
import type { ReferencePair } from './reference-pair.ts'
import type { OpenPair } from './views.ts'

/** Two instances over the same data, what they should be like by now, and what they have returned so far. */
export interface Subject {
  /** The one that makes the call. */
  readonly pair: OpenPair
  readonly reference: ReferencePair
  /** Every ref that a put or an adoption gave. */
  readonly refs: AttachmentRef[]
  /** Every claim of a sweeper that has stopped there. */
  readonly claims: OrphanClaim[]
  setClock(epochMs: number): void
  /** Closes this instance, and has it opened again for the next call: the fixture's own only gets new views. */
  reopen(): Promise<void>
}

/** One call of a history, as data, so that a history can be shrunk and run again. */
export interface Call {
  /** The call as a line of code, on a pair of that name. */
  code(on: string): string
  /** Makes the call, and fails unless its result is what the reference allows. Returns the result, to be shown. */
  run(subject: Subject): Promise<unknown>
}
