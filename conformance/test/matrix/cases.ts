import { type AnyHarness, type ConformanceCase, casesFor } from '@lash/attachments-conformance'
import { rarePairs } from './essential.ts'

/** What can depend on whose pool or client a store uses. */
const groupsOfGiven: readonly string[] = ['round trip', 'concurrency', 'abort', 'errors', 'close']

/** What a session does with a manifest alone. Each manifest shows it in another pair. */
const groupsOfManifests: readonly string[] = ['chats', 'usage', 'holders', 'commit of given refs', 'audit guard']

/** The cases of a column of the matrix. */
export function casesOf(column: AnyHarness): readonly ConformanceCase[] {
  const cases = casesFor(column)
  // It differs from the column before it only in that it was given what reaches the server.
  if (column.name.includes('(given ')) return cases.filter(({ group }) => groupsOfGiven.includes(group))
  if (rarePairs.includes(column.name)) return cases.filter(({ group }) => !groupsOfManifests.includes(group))
  return cases
}
