import { type AttachmentId, canonicalUri } from '../content/id.ts'
import type { AttachmentCreateMeta, AttachmentMeta } from '../content/meta.ts'
import { AttachmentClosedError, AttachmentInvalidArgumentError, AttachmentManifestRecordError } from '../errors.ts'
import type { AttachmentIntent } from '../manifest/manifest.ts'
import type { HolderView } from './held-refs.ts'

export function intentFor(
  { sessionId, holder = '' }: HolderView,
  { id, byteLength }: Pick<AttachmentMeta, 'id' | 'byteLength'>,
  meta: AttachmentCreateMeta,
  intentAtEpochMs: number,
): AttachmentIntent {
  return { attachmentId: id, sessionId, holder, canonicalUri: canonicalUri(id), byteLength, intentAtEpochMs, meta }
}

/**
 * Waits for an intent that is being recorded, alone or with its bytes. The caller's own errors and aborts stay as they
 * are.
 * @throws AttachmentManifestRecordError when the manifest could not record it.
 */
export async function recorded<T>(
  id: AttachmentId,
  signal: AbortSignal | undefined,
  recording: () => Promise<T>,
): Promise<T> {
  try {
    return await recording()
  } catch (cause) {
    signal?.throwIfAborted()
    if (AttachmentClosedError.isInstance(cause) || AttachmentInvalidArgumentError.isInstance(cause)) throw cause
    const message = `nothing was put; the intent was not recorded: ${cause}`
    throw new AttachmentManifestRecordError(message, { id, cause })
  }
}
