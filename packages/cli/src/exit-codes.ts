import { AttachmentStoreError } from '@lash/attachments-core'
import { UsageError } from './usage-error.ts'

/** What scripts learn. A signal ends the process as that signal does: Ctrl-C is 130 for a shell. */
export const exitCodes = {
  ok: 0,
  /** Something is damaged or not there, a file cannot be read or written, or a part of what was asked for failed. */
  failed: 1,
  /** The command line is wrong, or a package is missing. Nothing was done. */
  usage: 2,
  /** The backend failed, cannot be reached, or refused; or a fault of the program. */
  backend: 3,
  /** An audit would have deleted suspiciously much, and has deleted nothing. */
  auditRefused: 4,
  /** Whoever read the output stopped reading, as `head` does. That of SIGPIPE. */
  outputClosed: 141,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

const aboutOneBlob = ['not_found', 'corrupt', 'missing_meta', 'metadata_decode', 'too_large', 'intent_expired']

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCodes.usage
  if (!AttachmentStoreError.isInstance(error)) return isOfThisMachine(error) ? exitCodes.failed : exitCodes.backend
  if (error.code === 'invalid_argument') return exitCodes.usage
  if (error.code === 'audit_refused') return exitCodes.auditRefused
  return aboutOneBlob.includes(error.code) ? exitCodes.failed : exitCodes.backend
}

/** An error of the system: of a file, a port or the output. What backends say comes in errors of ours. */
function isOfThisMachine(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
