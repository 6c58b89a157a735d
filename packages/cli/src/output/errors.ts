import { AttachmentStoreError } from '@lash/attachments-core'
import { withoutUrlCredentials } from '@lash/attachments-core/backend'
import { UsageError } from '../usage-error.ts'

/** What an error says. With its stack where it is a fault of the program, for whoever mends that. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return withoutCredentials(String(error))
  const text = isExpected(error) ? error.message : (error.stack ?? error.message)
  // Some have their codes alone.
  return withoutCredentials(text === '' ? codeOf(error) : text)
}

/** Whether it is no fault of the program. */
export function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return true
  return AttachmentStoreError.isInstance(error) || error instanceof UsageError || 'code' in error
}

/** For scripts: that of an error of ours or of the system, `usage`, or `internal`. */
export function codeOf(error: unknown): string {
  if (typeof error === 'string' || error instanceof UsageError) return 'usage'
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'internal'
}

/** The text without the passwords of URLs in it, which may also stand among their parameters. */
export function withoutCredentials(text: string): string {
  return withoutUrlCredentials(text).replace(/([?&]\w*password=)[^&\s]*/gi, '$1***')
}
