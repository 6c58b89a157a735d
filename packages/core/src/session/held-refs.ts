import { abortable } from '../calls/abort.ts'
import { type AttachmentId, isAttachmentId } from '../content/id.ts'
import { type AttachmentMeta, storedMeta } from '../content/meta.ts'
import { AttachmentNotFoundError } from '../errors.ts'
import type { AttachmentHolderOptions, AttachmentManifest, AttachmentManifestEntry } from '../manifest/manifest.ts'
import type { AttachmentGenerationOptions, AttachmentSignalOptions, AttachmentStore } from '../store/store.ts'

/** Whose refs to what: a session-scoped store. */
export interface HolderView {
  readonly inner: AttachmentStore
  readonly manifest: AttachmentManifest
  readonly sessionId: string
  /** Undefined for the view of the whole session. */
  readonly holder: string | undefined
}

/** Whose refs a listing or a release is about. */
export function scopeOf({ holder }: HolderView): AttachmentHolderOptions {
  return holder === undefined ? {} : { holder }
}

/** The holder's live ref or, when it has none, that of any holder in the session. */
export async function heldRef(
  view: HolderView,
  id: AttachmentId,
  { generation, signal }: AttachmentGenerationOptions,
): Promise<AttachmentManifestEntry | undefined> {
  if (!isAttachmentId(id)) return undefined
  const entry = await abortable(lookup(view, id), signal)
  return isLive(entry) && (generation ?? entry.generation) === entry.generation ? entry : undefined
}

async function lookup(
  { manifest, sessionId, holder = '' }: HolderView,
  id: AttachmentId,
): Promise<AttachmentManifestEntry | undefined> {
  const own = await manifest.lookup(sessionId, id, { holder })
  return isLive(own) ? own : manifest.lookup(sessionId, id)
}

/**
 * Reads at the generation that the session holds. If a sweep and another put of this session came between, looks again.
 * @throws AttachmentNotFoundError
 */
export async function readHeld<T>(
  view: HolderView,
  id: AttachmentId,
  options: AttachmentGenerationOptions,
  read: (generation: number) => Promise<T>,
): Promise<{ entry: AttachmentManifestEntry; found: T }> {
  let entry = await heldRef(view, id, options)
  for (;;) {
    if (entry === undefined) throw new AttachmentNotFoundError(id)
    try {
      return { entry, found: await read(entry.generation) }
    } catch (error) {
      if (!AttachmentNotFoundError.isInstance(error)) throw error
      const now = await heldRef(view, id, options)
      if (now?.generation === entry.generation) throw error
      entry = now
    }
  }
}

/** The live refs in the scope of the view, one for each content. */
export async function* liveRefs(view: HolderView): AsyncGenerator<AttachmentManifestEntry, void, void> {
  const seen = new Set<AttachmentId>()
  for await (const entry of view.manifest.listRefs(view.sessionId, scopeOf(view))) {
    if (!isLive(entry) || seen.has(entry.attachmentId)) continue
    seen.add(entry.attachmentId)
    yield entry
  }
}

/** A ref that was recorded before manifests kept lengths has none. Then the store knows. */
export async function lengthOf(
  { inner }: HolderView,
  { attachmentId, generation, byteLength }: AttachmentManifestEntry,
  { signal }: AttachmentSignalOptions,
): Promise<number> {
  if (byteLength !== undefined) return byteLength
  const meta = await inner.stat(attachmentId, { generation, signal })
  if (meta === undefined) throw new AttachmentNotFoundError(attachmentId)
  return meta.byteLength
}

/** The holder's own metadata. Even if its intent had none, not that of another session for the same bytes. */
export function ownMeta({ attachmentId, meta }: AttachmentManifestEntry, byteLength: number): AttachmentMeta {
  return storedMeta(attachmentId, byteLength, meta ?? { mediaType: 'application/octet-stream' })
}

function isLive(entry: AttachmentManifestEntry | undefined): entry is AttachmentManifestEntry {
  return entry !== undefined && entry.releasedAtEpochMs === undefined
}
