/**
 * - `ok`: as it should be.
 * - `note`: worth knowing; nothing has to be done.
 * - `warning`: works, and will cost time, money or bytes some day.
 * - `problem`: does not work, or loses bytes.
 */
export type FindingLevel = 'ok' | 'note' | 'warning' | 'problem'

/** One thing that was looked at, and what is so. */
export interface Finding {
  readonly level: FindingLevel
  /** What was looked at, in a few words. */
  readonly check: string
  readonly message: string
  /** What to do. Of each warning and problem; a message of one of our errors has its advice in it. */
  readonly advice?: string
}

export function finding(level: FindingLevel, check: string, message: string, advice?: string): Finding {
  return { level, check, message, ...(advice === undefined ? {} : { advice }) }
}
