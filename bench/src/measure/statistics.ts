/** The middle of the values, or what lies between the two in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0
  return (lower + upper) / 2
}

/** For each share, from 0 to 1, the value that so many of the others do not exceed; 0 of none. */
export function percentiles<const Shares extends readonly number[]>(
  values: readonly number[],
  shares: Shares,
): { [Index in keyof Shares]: number } {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return shares.map(at) as { [Index in keyof Shares]: number }
}

/**
 * Between which of the values the median of all values there could be is, with a certainty of at least 95% (the sign
 * test). Of fewer than six values, the least and the greatest.
 */
export function medianInterval(values: readonly number[]): [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b)
  // How likely it is that so many values, or fewer, are below the median.
  let chance = 0.5 ** sorted.length
  let below = 0
  for (let term = chance; ; below++) {
    term *= (sorted.length - below) / (below + 1)
    if (2 * (chance + term) > 0.05) break
    chance += term
  }
  return [sorted[below] ?? 0, sorted[sorted.length - 1 - below] ?? 0]
}
