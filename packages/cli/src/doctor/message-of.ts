import { withoutUrlCredentials } from '@lash/attachments-core/backend'

/** What an error says, without the credentials of any URL in it. */
export function messageOf(error: unknown): string {
  return withoutUrlCredentials(error instanceof Error ? error.message || error.name : String(error))
}
