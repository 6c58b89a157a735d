import { callsUnderWay } from './calls-under-way.ts'

/** So many are enough to see what hangs. */
const shown = 10

/**
 * What a case that has not ended may be waiting for: the calls that began at that time of `performance.now()` or later,
 * and what is open.
 */
export function whyStuck(since: number, open: readonly string[]): string {
  const calls = callsUnderWay(since)
  const lines = [
    ...(calls.length === 0 ? ['no call to the backend or the harness is under way: the case waits for itself'] : []),
    ...calls.slice(0, shown),
    ...(calls.length > shown ? [`and ${calls.length - shown} more calls`] : []),
    ...open.slice(0, shown).map(line => `open: ${line}`),
  ]
  return lines.map(line => `  ${line}`).join('\n')
}
