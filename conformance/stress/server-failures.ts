import { AttachmentBackendError, AttachmentManifestRecordError } from '@lash/attachments-core'
import type { Tally } from './tally.ts'

/** Repeats the call while the server fails. Returns undefined when the attempts are used up. */
export async function repeated<T>(tally: Tally, call: () => Promise<T>, attempts = 1000): Promise<T | undefined> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (!isFailureOfServer(error)) throw error
      tally.count('calls failed by a restart')
      await pause(20)
    }
  }
  return undefined
}

/** Whether a restart may have caused the error. It is ours or, on the host's own pool, one of `pg`. */
export function isFailureOfServer(error: unknown): boolean {
  if (AttachmentBackendError.isInstance(error)) return true
  if (AttachmentManifestRecordError.isInstance(error)) return isFailureOfServer(error.cause)
  const { code, message } = error as { code?: string; message: string }
  return /^(57P0|ECONN|08)/.test(code ?? '') || message.startsWith('Connection terminated')
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
