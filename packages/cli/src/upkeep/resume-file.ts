import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type AttachmentKey, isAttachmentId } from '@lash/attachments-core'
import { UsageError } from '../usage-error.ts'
import type { ReportedFailure } from './failures.ts'

/** How far runs have come, and what they have found, one after the other. */
export interface VerifyState {
  /** What is verified. A file of another store or prefix is not gone on with. */
  readonly of: string
  after?: AttachmentKey | undefined
  /** A run that was stopped leaves what was at work to the next one, so some copies may be counted twice. */
  checkedCount: number
  byteLength: number
  damaged: ReportedFailure[]
}

const saveEveryMs = 1_000

/** A file from which a run that was stopped or killed is gone on with. It is at most a second behind. */
export class ResumeFile {
  readonly state: VerifyState
  readonly #path: string | undefined
  #savedMs = performance.now()

  /**
   * @param path - without one, nothing is kept.
   * @param of - what is verified.
   * @throws UsageError when the file is none of ours, or of another store.
   */
  constructor(path: string | undefined, of: string) {
    this.#path = path
    this.state = (path !== undefined && read(path, of)) || { of, checkedCount: 0, byteLength: 0, damaged: [] }
  }

  /** Keeps the state, unless that was done a moment ago. */
  keep(): void {
    if (performance.now() - this.#savedMs >= saveEveryMs) this.save()
  }

  save(): void {
    if (this.#path === undefined) return
    this.#savedMs = performance.now()
    // A process that is killed meanwhile leaves the old file.
    writeFileSync(`${this.#path}.new`, JSON.stringify(this.state))
    renameSync(`${this.#path}.new`, this.#path)
  }

  /** The next run begins anew. */
  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { force: true })
  }
}

function read(path: string, of: string): VerifyState | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const state = parsed(text)
  if (state === undefined) throw new UsageError(`${path} was not written by verify: give another file, or remove it`)
  // What was found past `after` is found again.
  if (state.of === of) return { ...state, damaged: state.damaged.filter(row => !isAfter(row, state.after)) }
  throw new UsageError(`${path} is of ${state.of}, and this is ${of}: give another file, or remove it`)
}

function isAfter({ id, generation }: ReportedFailure, after: AttachmentKey | undefined): boolean {
  return after === undefined || id > after.id || (id === after.id && generation > after.generation)
}

function parsed(text: string): VerifyState | undefined {
  try {
    const state = JSON.parse(text) as VerifyState
    const isOurs = Array.isArray(state.damaged) && (state.after === undefined || isAttachmentId(state.after.id))
    return isOurs && Number.isInteger(state.checkedCount) && Number.isInteger(state.byteLength) ? state : undefined
  } catch {
    return undefined
  }
}
