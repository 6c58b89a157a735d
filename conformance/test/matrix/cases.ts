import { type AnyHarness, type ConformanceCase, casesFor } from '@lash/attachments-conformance'

/** What can depend on whose pool or client a store uses. */
const groupsOfGiven: readonly string[] = ['round trip', 'concurrency', 'abort', 'errors', 'close']

/** Stores that differ from the one before them only in that they were given what reaches the server. */
function isGiven({ name }: AnyHarness): boolean {
  return name.includes('(given ')
}

/** The cases of a column of the matrix. */
export function casesOf(column: AnyHarness): readonly ConformanceCase[] {
  const cases = casesFor(column)
  return isGiven(column) ? cases.filter(({ group }) => groupsOfGiven.includes(group)) : cases
}
