/** Something that the person who runs the demo can put right. Shown without a stack. */
export class UsageError extends Error {}

/** What an error says, in one line, for a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
