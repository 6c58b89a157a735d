import {
  type AttachmentContent,
  type AttachmentCreateMeta,
  type AttachmentId,
  AttachmentIntentExpiredError,
  AttachmentNotFoundError,
  type AttachmentRef,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'

interface HeldFile {
  content: AttachmentContent
  meta: AttachmentCreateMeta
}

/**
 * The files of one request, kept together or not at all.
 *
 * The last file is held back, read but not put. So the file of a request with one is put when the whole request is
 * known to be good, and nothing has to be undone. Of several files, those before the last are put for a holder that
 * nobody else knows, which the view adopts them from at the end. A request that fails deletes what that holder has. It
 * never touches what the view's holder has, which may have got the same bytes from another request.
 */
export class AllOrNothing {
  readonly #session: SessionScopedAttachmentStore
  readonly #signal: AbortSignal
  readonly #aside: SessionScopedAttachmentStore
  #held: HeldFile | undefined
  readonly #put: AttachmentRef[] = []
  /** What there may be an intent for. */
  readonly #touched = new Set<AttachmentId>()
  /** Whether the view's holder may have uncommitted refs to these. */
  #isKeeping = false

  constructor(session: SessionScopedAttachmentStore, signal: AbortSignal) {
    this.#session = session
    this.#signal = signal
    this.#aside = session.withHolder(`upload:${crypto.randomUUID()}`)
  }

  /** Takes over the content, and disposes of it. */
  async add(content: AttachmentContent, meta: AttachmentCreateMeta): Promise<void> {
    const before = this.#held
    this.#held = { content, meta }
    if (before !== undefined) await this.#putAside(before)
  }

  /**
   * Puts what is held back, and gives refs of the view's holder, in the order of the files, to `commit`. A failure
   * takes back what is not committed.
   */
  async keep(commit: (refs: AttachmentRef[]) => Promise<void>): Promise<AttachmentRef[]> {
    const refs = await this.#refs()
    await commit(refs)
    this.#isKeeping = false
    // If this fails, a sweep does it.
    if (this.#put.length > 0) await this.#aside.release().catch(() => {})
    return refs
  }

  async #refs(): Promise<AttachmentRef[]> {
    const held = this.#held
    if (held === undefined) return []
    this.#touched.add(held.content.id)
    this.#isKeeping = true
    if (this.#put.length === 0) {
      // Whoever has gone meanwhile: all has come, and an undone put would cost the holder what it has not committed.
      const ref = await this.#session.put(held.content, held.meta)
      await this.#dispose()
      return [ref]
    }
    this.#held = undefined
    await this.#putAside(held)
    const adopted = await this.#session.adopt(this.#put, this.#aside).catch(sweptAway)
    // With what this request says of each: of two files with the same bytes, a holder has but one ref.
    return this.#put.map(({ generation: _, ...meta }, index) => {
      const generation = adopted[index]?.generation
      return generation === undefined ? meta : { ...meta, generation }
    })
  }

  async #putAside({ content, meta }: HeldFile): Promise<void> {
    this.#touched.add(content.id)
    try {
      this.#put.push(await this.#aside.put(content, meta, { signal: this.#signal }))
    } finally {
      await content[Symbol.asyncDispose]()
    }
  }

  /** Undoes what was done. Bytes that nobody else holds are deleted at once, not by the next sweep. */
  async discard(): Promise<void> {
    await this.#dispose()
    const { manifest, sessionId, holder = '' } = this.#session
    const ids = [...this.#touched]
    if (this.#isKeeping) {
      await manifest.releaseRefs(sessionId, ids, { holder, uncommittedOnly: true })
      this.#session.markManifestCommitted(ids)
    }
    for (const id of ids) await this.#aside.delete(id)
  }

  async #dispose(): Promise<void> {
    const held = this.#held
    this.#held = undefined
    await held?.content[Symbol.asyncDispose]()
  }
}

/** What was put aside is not committed, so a sweep may have taken it while the next file came. */
function sweptAway(error: unknown): never {
  if (!AttachmentNotFoundError.isInstance(error)) throw error
  throw new AttachmentIntentExpiredError(error.id === undefined ? [] : [error.id], { cause: error })
}
