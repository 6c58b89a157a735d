/** Which of the guarantees a schedule broke. */
export type ViolationKind =
  /** What was committed and not released cannot be read back, or is other bytes. */
  | 'safety'
  /** A commit was acknowledged, and the bytes are not there. */
  | 'dangling commit'
  /** A ref is committed, and nobody was told so: its bytes would be kept for nobody. */
  | 'phantom commit'
  /** A commit was refused, and no sweep had touched what it commits. */
  | 'needless refusal'
  /** What one session did changed what another one has, or one reads what it does not hold. */
  | 'isolation'
  /** A copy got the name that a deleter may still delete. */
  | 'generation reused'
  /** Every session is dead, and sweeps do not bring the store to what is committed. */
  | 'progress'
  /** An operation failed in a way that it must not. */
  | 'unexpected error'
  /** Every actor that is left waits for another one. */
  | 'deadlock'

export interface Violation {
  readonly kind: ViolationKind
  readonly text: string
}

/** A schedule that broke a guarantee. Its message says how, prints what happened step by step, and how to run it again. */
export class ExplorationFailure extends Error {
  override readonly name = 'ExplorationFailure'
  readonly violation: Violation
  /** For `--replay`. */
  readonly schedule: string
  readonly trace: readonly string[]

  constructor(pair: string, violation: Violation, schedule: string, trace: readonly string[]) {
    const steps = trace.map(line => `  ${line}`).join('\n')
    super(`${violation.kind} on ${pair}: ${violation.text}\n${steps}\nto run it again: --replay '${schedule}'`)
    this.violation = violation
    this.schedule = schedule
    this.trace = trace
  }
}
