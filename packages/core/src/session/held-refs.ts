import { abortable } from '../calls/abort.ts'
import { type AttachmentId, isAttachmentId } from '../content/id.ts'
import { type AttachmentMeta, type AttachmentRef, refTo, storedMeta } from '../content/meta.ts'
import { AttachmentNotFoundError } from '../errors.ts'
import type { AttachmentHolderOptions, AttachmentManifest, AttachmentManifestEntry } from '../manifest/manifest.ts'
import type { AttachmentGenerationOptions, AttachmentSignalOptions, AttachmentStore } from '../store/store.ts'

/** What a session holds, as seen by one of its holders. */
export class HeldRefs {
  readonly #store: AttachmentStore
  readonly #manifest: AttachmentManifest
  readonly #sessionId: string
  readonly #holder: string | undefined

  /** @param holder undefined for the view of the whole session. */
  constructor(store: AttachmentStore, manifest: AttachmentManifest, sessionId: string, holder: string | undefined) {
    this.#store = store
    this.#manifest = manifest
    this.#sessionId = sessionId
    this.#holder = holder
  }

  /** Whose refs a listing or a release is about. */
  get scope(): AttachmentHolderOptions {
    return this.#holder === undefined ? {} : { holder: this.#holder }
  }

  /** The holder's live ref or, when it has none, that of any holder in the session. */
  async find(id: AttachmentId, options: AttachmentGenerationOptions): Promise<AttachmentManifestEntry | undefined> {
    if (!isAttachmentId(id)) return undefined
    const entry = await abortable(this.#lookup(id), options.signal)
    if (entry === undefined || !isLive(entry)) return undefined
    return options.generation === undefined || options.generation === entry.generation ? entry : undefined
  }

  async #lookup(id: AttachmentId): Promise<AttachmentManifestEntry | undefined> {
    const { holder = '' } = this.scope
    const own = await this.#manifest.lookup(this.#sessionId, id, { holder })
    return own !== undefined && isLive(own) ? own : this.#manifest.lookup(this.#sessionId, id)
  }

  /**
   * Reads at the generation that the session holds. If a sweep and another put of this session came between, looks
   * again.
   * @throws AttachmentNotFoundError
   */
  async read<T>(
    id: AttachmentId,
    options: AttachmentGenerationOptions,
    read: (generation: number) => Promise<T>,
  ): Promise<{ entry: AttachmentManifestEntry; found: T }> {
    let entry = await this.find(id, options)
    for (;;) {
      if (entry === undefined) throw new AttachmentNotFoundError(id)
      try {
        return { entry, found: await read(entry.generation) }
      } catch (error) {
        if (!AttachmentNotFoundError.isInstance(error)) throw error
        const now = await this.find(id, options)
        if (now?.generation === entry.generation) throw error
        entry = now
      }
    }
  }

  /** The live refs in the scope, one for each content. */
  async *live(): AsyncGenerator<AttachmentManifestEntry, void, void> {
    const seen = new Set<AttachmentId>()
    for await (const entry of this.#manifest.listRefs(this.#sessionId, this.scope)) {
      if (!isLive(entry) || seen.has(entry.attachmentId)) continue
      seen.add(entry.attachmentId)
      yield entry
    }
  }

  async refOf(entry: AttachmentManifestEntry, options: AttachmentSignalOptions): Promise<AttachmentRef> {
    const byteLength = await this.lengthOf(entry, options)
    return refTo(ownMeta(entry, { id: entry.attachmentId, byteLength }), entry.generation)
  }

  /** A ref that was recorded before manifests kept lengths has none. Then the store knows. */
  async lengthOf(entry: AttachmentManifestEntry, { signal }: AttachmentSignalOptions): Promise<number> {
    if (entry.byteLength !== undefined) return entry.byteLength
    const { attachmentId, generation } = entry
    const meta = await this.#store.stat(attachmentId, { generation, signal })
    if (meta === undefined) throw new AttachmentNotFoundError(attachmentId)
    return meta.byteLength
  }
}

/** The holder's own metadata. Even if its intent had none, not that of another session for the same bytes. */
export function ownMeta(
  { meta }: AttachmentManifestEntry,
  { id, byteLength }: Pick<AttachmentMeta, 'id' | 'byteLength'>,
): AttachmentMeta {
  return storedMeta(id, byteLength, meta ?? { mediaType: 'application/octet-stream' })
}

function isLive(entry: AttachmentManifestEntry): boolean {
  return entry.releasedAtEpochMs === undefined
}
