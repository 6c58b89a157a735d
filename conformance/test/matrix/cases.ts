import { type AnyHarness, type ConformanceCase, casesFor } from '@lash/attachments-conformance'
import { rarePairs } from './essential.ts'

/** What can depend on whose pool or client a store uses. */
const groupsOfGiven: readonly string[] = ['round trip', 'abort', 'errors', 'close']

/** What a session does to bytes, which it puts into a store and takes out of it. */
const groupsOfSessions: readonly string[] = [
  ...['round trip', 'metadata', 'dedup', 'delete', 'list and stat', 'ranges', 'streams', 'histories'],
  ...['abort', 'durability', 'errors', 'close'],
]

/**
 * What both halves of a pair must do together, since a sweeper of one deletes in the other. The rest depends on one of
 * them, which shows it in another pair.
 */
const groupsOfPairs: readonly string[] = ['sweep', 'audit', 'historical losses', 'histories']

/** The cases of a column of the matrix. */
export function casesOf(column: AnyHarness): readonly ConformanceCase[] {
  const groups = groupsOf(column.name)
  return casesFor(column).filter(({ group }) => groups?.includes(group) ?? true)
}

/** Undefined: all. */
function groupsOf(column: string): readonly string[] | undefined {
  if (column.includes('(given ')) return groupsOfGiven
  if (column.startsWith('session (')) return groupsOfSessions
  return rarePairs.includes(column) ? groupsOfPairs : undefined
}
