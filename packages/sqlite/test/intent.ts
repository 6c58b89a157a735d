import type { AttachmentId, AttachmentIntent } from '@lash/attachments-core'

/** An intent for content of 3 bytes, a second after 1970. */
export function intentOf(attachmentId: AttachmentId, sessionId: string, rest?: Partial<AttachmentIntent>) {
  return {
    attachmentId,
    sessionId,
    canonicalUri: `sha256:${attachmentId}`,
    byteLength: 3,
    intentAtEpochMs: 1000,
    ...rest,
  } satisfies AttachmentIntent
}
