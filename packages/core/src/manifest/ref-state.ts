/** The times in a row of a ref, in milliseconds since 1970. */
export interface RefState {
  readonly intentAt: number
  readonly committedAt?: number | undefined
  readonly releasedAt?: number | undefined
}

export function isLive(ref: RefState): boolean {
  return ref.releasedAt === undefined
}

/** A released ref is not committed any more. */
export function isCommitted(ref: RefState): boolean {
  return ref.committedAt !== undefined && isLive(ref)
}

/** The time that a sweep compares: that of the release or, of a live ref, that of the intent. */
export function ageOf(ref: RefState): number {
  return ref.releasedAt ?? ref.intentAt
}

/**
 * Whether a session's reader finds the ref before another of the same session: a committed one comes before an
 * uncommitted one before a released one, and then the older intent comes first.
 */
export function comesBefore(ref: RefState, other: RefState): boolean {
  const [rank, otherRank] = [rankOf(ref), rankOf(other)]
  return rank === otherRank ? ref.intentAt < other.intentAt : rank < otherRank
}

function rankOf(ref: RefState): number {
  if (!isLive(ref)) return 2
  return ref.committedAt === undefined ? 1 : 0
}
