import { codeOf, isBusy, isFull, type SqliteFailure } from '../database/sqlite-error.ts'
import { freesRoom, type Operation } from './operations.ts'

/** What came of an operation. */
export type Outcome = { value: unknown } | { failure: SqliteFailure }

export function isBusyOutcome(outcome: Outcome): boolean {
  return 'failure' in outcome && isBusy(outcome.failure)
}

export function isFullOutcome(outcome: Outcome): boolean {
  return 'failure' in outcome && isFull(outcome.failure)
}

/** There was no room for an operation that would free some. */
export function isFullAndFreesRoom(outcome: Outcome, { kind }: Operation): boolean {
  return isFullOutcome(outcome) && freesRoom.has(kind)
}

/**
 * Runs those operations again that came out in one way, and no others: a claim made twice would be lost.
 * @returns what has come of all.
 */
export async function runAgain(
  operations: readonly Operation[],
  outcomes: Outcome[],
  isToRunAgain: (outcome: Outcome, operation: Operation) => boolean,
  run: (left: readonly Operation[]) => Promise<Outcome[]>,
): Promise<Outcome[]> {
  const left = operations.filter((operation, index) => isToRunAgain(outcomes[index] as Outcome, operation))
  if (left.length === 0) return outcomes
  const later = await run(left)
  return operations.map((operation, index) => {
    const outcome = outcomes[index] as Outcome
    return isToRunAgain(outcome, operation) ? (later.shift() as Outcome) : outcome
  })
}

/**
 * What kept a transaction from beginning is the outcome of all operations that were to run in it.
 * @throws the error when it is none of SQLite's.
 */
export function outcomeOfAll(operations: readonly Operation[], error: unknown): Outcome[] {
  const failure = failureOf(error)
  if (failure.code === '') throw error
  return operations.map(() => ({ failure }))
}

/** An error in a form that crosses threads. */
export function failureOf(error: unknown): SqliteFailure {
  return { code: codeOf(error), message: error instanceof Error ? error.message : String(error) }
}

/** The error of a failure that has crossed a thread. */
export function errorOf({ code, message }: SqliteFailure): Error {
  return code === '' ? new Error(message) : Object.assign(new Error(message), { name: 'SqliteError', code })
}
