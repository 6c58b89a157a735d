/** What the person at the keyboard can put right on the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
