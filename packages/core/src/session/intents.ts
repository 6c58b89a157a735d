import { type AttachmentId, canonicalUri } from '../content/id.ts'
import type { AttachmentCreateMeta, AttachmentMeta } from '../content/meta.ts'
import { AttachmentManifestRecordError, AttachmentStoreError } from '../errors.ts'
import type { AttachmentIntent, AttachmentManifest } from '../manifest/manifest.ts'

/** The intents of one holder. */
export class Intents {
  readonly #manifest: AttachmentManifest
  readonly #sessionId: string
  readonly #holder: string
  readonly #now: () => number

  constructor(manifest: AttachmentManifest, sessionId: string, holder: string, now: () => number) {
    this.#manifest = manifest
    this.#sessionId = sessionId
    this.#holder = holder
    this.#now = now
  }

  of({ id, byteLength }: Pick<AttachmentMeta, 'id' | 'byteLength'>, meta: AttachmentCreateMeta): AttachmentIntent {
    return {
      attachmentId: id,
      sessionId: this.#sessionId,
      holder: this.#holder,
      canonicalUri: canonicalUri(id),
      byteLength,
      intentAtEpochMs: this.#now(),
      meta,
    }
  }

  /** Takes an intent back. What this holder had committed before stays. */
  async withdraw(id: AttachmentId): Promise<void> {
    const holder = this.#holder
    const entry = await this.#manifest.lookup(this.#sessionId, id, { holder })
    if (entry?.committedAtEpochMs === undefined) await this.#manifest.releaseRefs(this.#sessionId, [id], { holder })
  }
}

/**
 * Waits for an intent that is being recorded, alone or with its bytes. The caller's own errors and aborts stay as they
 * are.
 * @throws AttachmentManifestRecordError when the manifest could not record it.
 */
export async function recorded<T>(id: AttachmentId, signal: AbortSignal | undefined, recording: () => Promise<T>) {
  try {
    return await recording()
  } catch (cause) {
    signal?.throwIfAborted()
    const code = AttachmentStoreError.isInstance(cause) && cause.code
    if (code === 'closed' || code === 'invalid_argument') throw cause
    throw new AttachmentManifestRecordError(`nothing was put, the manifest could not record the intent: ${cause}`, {
      id,
      cause,
    })
  }
}
