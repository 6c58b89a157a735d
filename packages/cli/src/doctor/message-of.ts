import { withoutCredentials } from '../output/errors.ts'

/** What an error says, in a finding. */
export function messageOf(error: unknown): string {
  return withoutCredentials(error instanceof Error ? error.message || error.name : String(error))
}
