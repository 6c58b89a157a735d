import { abortable } from '../calls/abort.ts'
import { type AttachmentId, isAttachmentId } from '../content/id.ts'
import type { AttachmentCreateMeta } from '../content/meta.ts'
import { AttachmentNotFoundError } from '../errors.ts'
import type { AttachmentManifest, AttachmentManifestEntry } from '../manifest/manifest.ts'
import type { AttachmentGenerationOptions, AttachmentSignalOptions, AttachmentStore } from '../store/store.ts'

/** Whose refs to what: a session-scoped store. */
export interface HolderView {
  readonly inner: AttachmentStore
  readonly manifest: AttachmentManifest
  readonly sessionId: string
  /** Undefined for the view of the whole session. */
  readonly holder: string | undefined
}

/** The holder's live ref or, when it has none, that of any holder in the session. */
export async function heldRef(
  { manifest, sessionId, holder = '' }: HolderView,
  id: AttachmentId,
  { generation, signal }: AttachmentGenerationOptions,
): Promise<AttachmentManifestEntry | undefined> {
  if (!isAttachmentId(id)) return undefined
  const own = await abortable(manifest.lookup(sessionId, id, { holder }), signal)
  const entry = isLive(own) ? own : await abortable(manifest.lookup(sessionId, id), signal)
  return isLive(entry) && (generation ?? entry.generation) === entry.generation ? entry : undefined
}

/**
 * Reads at the generation that the session holds. If a sweep and another put of this session came between, looks again.
 * @throws AttachmentNotFoundError
 */
export async function readHeld<T>(
  view: HolderView,
  id: AttachmentId,
  options: AttachmentGenerationOptions,
  read: (entry: AttachmentManifestEntry) => Promise<T>,
): Promise<T> {
  let entry = await heldRef(view, id, options)
  for (;;) {
    if (entry === undefined) throw new AttachmentNotFoundError(id)
    try {
      return await read(entry)
    } catch (error) {
      if (!AttachmentNotFoundError.isInstance(error)) throw error
      const now = await heldRef(view, id, options)
      if (now?.generation === entry.generation) throw error
      entry = now
    }
  }
}

/** The live refs in the scope of the view, one for each content. */
export async function* liveRefs({
  manifest,
  sessionId,
  holder,
}: HolderView): AsyncGenerator<AttachmentManifestEntry, void, void> {
  const seen = new Set<AttachmentId>()
  for await (const entry of manifest.listRefs(sessionId, { holder })) {
    if (!isLive(entry) || seen.has(entry.attachmentId)) continue
    seen.add(entry.attachmentId)
    yield entry
  }
}

/**
 * The length of the bytes. From the store when the ref does not know it, as one that was recorded before manifests kept
 * lengths, or is not trusted; then undefined when the bytes are not there.
 */
export async function lengthOf(
  { inner }: HolderView,
  { attachmentId, generation, byteLength }: AttachmentManifestEntry,
  options: AttachmentSignalOptions,
  isTrusted = true,
): Promise<number | undefined> {
  const known = isTrusted ? byteLength : undefined
  return known ?? (await inner.stat(attachmentId, { ...options, generation }))?.byteLength
}

/** What the holder itself said about the bytes. Even if it said nothing, not what another session said of the same. */
export function ownMeta({ meta }: AttachmentManifestEntry): AttachmentCreateMeta {
  return meta ?? { mediaType: 'application/octet-stream' }
}

function isLive(entry: AttachmentManifestEntry | undefined): entry is AttachmentManifestEntry {
  return entry !== undefined && entry.releasedAtEpochMs === undefined
}
