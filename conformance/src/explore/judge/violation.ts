/** Which of the guarantees a schedule broke. */
export type ViolationKind =
  /** What was committed and not released cannot be read back, or comes back as other bytes. */
  | 'safety'
  /** A commit was acknowledged, and the bytes are not there. */
  | 'dangling commit'
  /** A ref is committed, and nobody was told so. Its bytes would be kept for nobody. */
  | 'phantom commit'
  /** A commit was refused, and no sweep had touched what it was to commit. */
  | 'needless refusal'
  /** A holder changed what another one has, or a session reads what it does not hold. */
  | 'isolation'
  /** What a holder says about its bytes changed after it was committed. */
  | 'metadata'
  /** A copy got a name that somebody may still delete. */
  | 'generation reused'
  /** Every session is dead, and sweeps leave more than what is committed. */
  | 'progress'
  /** An operation failed in a way in which it must not fail. */
  | 'unexpected error'
  /** Every actor that is left waits for another one. */
  | 'deadlock'

export interface Violation {
  readonly kind: ViolationKind
  readonly text: string
}

/** A schedule that broke a guarantee. Its message says how, what happened step by step, and how to run it again. */
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
