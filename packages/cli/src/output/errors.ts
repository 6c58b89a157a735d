import { AttachmentStoreError } from '@lash/attachments-core'
import { UsageError } from '../usage-error.ts'

/** What an error says. With its stack where it is a fault of the program, for whoever mends that. */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') return error
  if (!(error instanceof Error)) return String(error)
  const isExpected = AttachmentStoreError.isInstance(error) || error instanceof UsageError || 'code' in error
  return isExpected ? error.message : (error.stack ?? error.message)
}

/** For scripts: that of an error of ours or of the system, `usage`, or `internal`. */
export function codeOf(error: unknown): string {
  if (typeof error === 'string' || error instanceof UsageError) return 'usage'
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'internal'
}
