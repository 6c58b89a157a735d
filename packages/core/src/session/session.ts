import { abortable } from '../calls/abort.ts'
import { Lifetime } from '../calls/lifetime.ts'
import { type AttachmentBody, type AttachmentContent, PreparedContent } from '../content/content.ts'
import { type AttachmentId, canonicalUri, isAttachmentId, isAttachmentIdPrefix } from '../content/id.ts'
import {
  type AttachmentCreateMeta,
  type AttachmentMeta,
  type AttachmentRef,
  checkMeta,
  refTo,
  storedMeta,
} from '../content/meta.ts'
import {
  AttachmentInvalidArgumentError,
  AttachmentManifestRecordError,
  AttachmentNotFoundError,
  AttachmentStoreError,
  AttachmentTooLargeError,
} from '../errors.ts'
import { checkSessionId } from '../manifest/checks.ts'
import type { AttachmentCommitOptions, AttachmentManifest, AttachmentManifestEntry } from '../manifest/manifest.ts'
import type {
  AttachmentGenerationOptions,
  AttachmentGetOptions,
  AttachmentListing,
  AttachmentListOptions,
  AttachmentPutOptions,
  AttachmentSignalOptions,
  AttachmentStore,
  AttachmentStorePersistence,
  AttachmentStream,
  AttachmentStreamOptions,
  StoredAttachment,
} from '../store/store.ts'
import { PendingAttachments, type PendingPut } from './pending.ts'

export interface SessionScopedAttachmentStoreOptions {
  /** The clock that dates intents, in milliseconds since 1970. Safety does not depend on it. Default `Date.now`. */
  now?: (() => number) | undefined
}

/**
 * One session's view of a shared store. It reads only what the session holds a live ref to, shows the session's own
 * metadata, and records every put in the manifest before it writes. It neither sees nor harms what other sessions hold,
 * even if the bytes are the same.
 *
 * In a turn, a host puts as often as it needs, keeps the refs in its own state, and commits together with that state.
 * What is put and never committed is an orphan, which `reclaimOrphanedAttachments` takes.
 *
 * `close` closes this view and the streams that it gave out. The store and the manifest are shared, and stay open.
 */
export class SessionScopedAttachmentStore implements AttachmentStore {
  readonly inner: AttachmentStore
  readonly manifest: AttachmentManifest
  readonly sessionId: string
  readonly #pending = new PendingAttachments()
  readonly #lifetime: Lifetime
  readonly #now: () => number

  /** @throws AttachmentInvalidArgumentError when the session id is empty, too long or malformed. */
  constructor(
    inner: AttachmentStore,
    manifest: AttachmentManifest,
    sessionId: string,
    options: SessionScopedAttachmentStoreOptions = {},
  ) {
    this.inner = inner
    this.manifest = manifest
    this.sessionId = checkSessionId(sessionId)
    this.#now = options.now ?? Date.now
    this.#lifetime = new Lifetime('the session-scoped store')
  }

  get persistence(): AttachmentStorePersistence {
    return this.inner.persistence
  }

  get maxByteLength(): number | undefined {
    return this.inner.maxByteLength
  }

  async prepare(body: AttachmentBody, options: AttachmentSignalOptions = {}): Promise<AttachmentContent> {
    const { signal } = options
    this.#lifetime.enterWith(body, signal, () => {})
    try {
      return await this.#prepared(body, signal)
    } finally {
      this.#lifetime.exit()
    }
  }

  /**
   * As `put` of any store, but the manifest chooses the generation, and to give one is refused.
   * @throws AttachmentManifestRecordError when the intent could not be recorded, or intent and bytes could not be
   * written in the one transaction in which their database takes both; then nothing was put.
   */
  async put(
    body: AttachmentBody,
    meta: AttachmentCreateMeta,
    options: AttachmentPutOptions = {},
  ): Promise<AttachmentRef> {
    const { signal } = options
    const checked = this.#lifetime.enterWith(body, signal, () => {
      if (options.generation === undefined) return checkMeta(meta)
      throw new AttachmentInvalidArgumentError('leave the generation out: the manifest chooses it')
    })
    try {
      const given = PreparedContent.of(body)
      if (given !== undefined) return await this.#putContent(given, checked, signal)
      const content = await this.#prepared(body, signal)
      try {
        return await this.#putContent(PreparedContent.of(content) ?? content, checked, signal)
      } finally {
        await content[Symbol.asyncDispose]()
      }
    } finally {
      this.#lifetime.exit()
    }
  }

  /** With a signal that close aborts, so that close does not wait for a source that may never end. */
  #prepared(body: AttachmentBody, signal: AbortSignal | undefined): Promise<AttachmentContent> {
    return this.inner.prepare(body, { signal: ArrayBuffer.isView(body) ? signal : this.#lifetime.until(signal) })
  }

  async #putContent(
    content: AttachmentContent,
    meta: AttachmentCreateMeta,
    signal: AbortSignal | undefined,
  ): Promise<AttachmentRef> {
    signal?.throwIfAborted()
    // Before the intent, since another store may have prepared the content.
    const { maxByteLength = content.byteLength } = this
    if (content.byteLength > maxByteLength) throw new AttachmentTooLargeError(maxByteLength)
    const put = this.#pending.begin(content.id)
    try {
      const generation = await this.#writeAhead(put, content, meta, signal)
      const ref = refTo(storedMeta(content.id, content.byteLength, meta), generation)
      put.succeeded(ref)
      return { ...ref }
    } finally {
      put.ended()
    }
  }

  /** First the intent, then the bytes; both in one step where one database holds both. */
  async #writeAhead(
    put: PendingPut,
    content: AttachmentContent,
    meta: AttachmentCreateMeta,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const intent = {
      attachmentId: content.id,
      sessionId: this.sessionId,
      canonicalUri: canonicalUri(content.id),
      byteLength: content.byteLength,
      intentAtEpochMs: this.#now(),
      meta,
    }
    let generation: number
    let isPut = false
    try {
      const together = this.manifest.recordIntentAndPut?.(this.inner, intent, content, { signal })
      if (together === undefined) generation = await this.manifest.recordIntent(intent)
      else ({ generation, isPut } = await together)
    } catch (cause) {
      throw recordError(content.id, cause, signal)
    }
    put.intentRecorded(generation)
    if (!isPut) await this.inner.put(content, meta, { generation, signal })
    return generation
  }

  get(id: AttachmentId, options: AttachmentGetOptions = {}): Promise<StoredAttachment> {
    return this.#lifetime.run(options.signal, async () => {
      const { entry, found } = await this.#read(id, options, generation =>
        this.inner.get(id, { ...options, generation }),
      )
      options.signal?.throwIfAborted()
      return { meta: ownMeta(entry, found.meta), bytes: found.bytes }
    })
  }

  stream(id: AttachmentId, options: AttachmentStreamOptions = {}): Promise<AttachmentStream> {
    return this.#lifetime.run(options.signal, async () => {
      const { entry, found } = await this.#read(id, options, generation =>
        this.inner.stream(id, { ...options, generation, signal: this.#lifetime.until(options.signal) }),
      )
      return { meta: ownMeta(entry, found.meta), body: found.body }
    })
  }

  stat(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<AttachmentMeta | undefined> {
    return this.#lifetime.run(options.signal, async () => {
      const entry = await this.#held(id, options)
      if (entry === undefined) return undefined
      const meta = await this.inner.stat(id, { ...options, generation: entry.generation })
      return meta && ownMeta(entry, meta)
    })
  }

  /** What this session holds and the store has, at the generations that the session holds. */
  async *list(options: AttachmentListOptions = {}): AsyncGenerator<AttachmentListing, void, void> {
    const { signal, prefix = '' } = options
    this.#lifetime.assertOpen(signal)
    if (!isAttachmentIdPrefix(prefix)) return
    for await (const entry of this.manifest.listRefs(this.sessionId)) {
      const { attachmentId: id, generation } = entry
      if (!isLive(entry) || !id.startsWith(prefix)) continue
      const meta = await this.inner.stat(id, { generation, signal })
      if (meta !== undefined) yield { id, generation, byteLength: meta.byteLength }
      this.#lifetime.assertOpen(signal)
    }
  }

  /**
   * Releases this session's ref. If then no session has a live ref to the content, deletes the bytes at once. Bytes
   * that another session refers to are not touched. If this fails midway, a sweep does the rest.
   */
  delete(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<void> {
    const { signal } = options
    return this.#lifetime.run(signal, async () => {
      if (!isAttachmentId(id)) return
      if (options.generation !== undefined && (await this.#held(id, options)) === undefined) return
      this.#pending.remove([id])
      await this.manifest.releaseRefs(this.sessionId, [id])
      // At any age, since every session that held the content has released it.
      const query = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 1, ids: [id], releasedOnly: true }
      for (const claim of await this.manifest.claimOrphans(query)) {
        await this.inner.delete(claim.attachmentId, { generation: claim.generation, signal })
        await this.manifest.settleClaims([claim])
      }
    })
  }

  /**
   * Refs that were put through this view and are not yet committed. To commit them is exact, whatever else is in
   * flight.
   */
  pendingRefs(): AttachmentRef[] {
    return this.#pending.refs().map(ref => ({ ...ref }))
  }

  pendingManifestCommitIds(): AttachmentId[] {
    return this.#pending.bareIds()
  }

  markManifestCommitted(ids: readonly AttachmentId[]): void {
    this.#pending.remove(ids)
  }

  /**
   * Commits what is pending, all or nothing, and returns it. Does nothing when nothing is pending.
   *
   * In the host's own transaction (`options.client`) the refs stay pending, since the host may still roll back. Call
   * `markManifestCommitted` with their ids once the host has committed. To commit again is harmless.
   * @throws AttachmentIntentExpiredError when a sweep has taken any of them. Then nothing is committed, and all stay
   * pending.
   */
  commit(options: AttachmentCommitOptions = {}): Promise<AttachmentRef[]> {
    return this.#lifetime.run(options.signal, async () => {
      const refs = this.#pending.refs()
      if (refs.length === 0) return []
      await this.manifest.commitRefs(this.sessionId, refs, options)
      if (options.client === undefined) for (const ref of refs) this.#pending.removeRef(ref)
      return refs.map(ref => ({ ...ref }))
    })
  }

  /**
   * Releases the ids or, without `ids`, everything, as when the session is deleted. A sweep takes what nobody else
   * holds.
   */
  release(ids?: readonly AttachmentId[]): Promise<void> {
    return this.#lifetime.run(undefined, async () => {
      const wellFormed = ids?.filter(isAttachmentId)
      await this.manifest.releaseRefs(this.sessionId, wellFormed)
      this.#pending.remove(wellFormed)
    })
  }

  close(): Promise<void> {
    return this.#lifetime.close(async () => {})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The session's live ref, or undefined. */
  async #held(id: AttachmentId, options: AttachmentGenerationOptions): Promise<AttachmentManifestEntry | undefined> {
    if (!isAttachmentId(id)) return undefined
    const entry = await abortable(this.manifest.lookup(this.sessionId, id), options.signal)
    if (entry === undefined || !isLive(entry)) return undefined
    return options.generation === undefined || options.generation === entry.generation ? entry : undefined
  }

  /**
   * Reads at the generation that the session holds. If a sweep and another put of this session came between, looks
   * again.
   */
  async #read<T>(
    id: AttachmentId,
    options: AttachmentGenerationOptions,
    read: (generation: number) => Promise<T>,
  ): Promise<{ entry: AttachmentManifestEntry; found: T }> {
    let entry = await this.#held(id, options)
    for (;;) {
      if (entry === undefined) throw new AttachmentNotFoundError(id)
      try {
        return { entry, found: await read(entry.generation) }
      } catch (error) {
        if (!AttachmentNotFoundError.isInstance(error)) throw error
        const now = await this.#held(id, options)
        if (now?.generation === entry.generation) throw error
        entry = now
      }
    }
  }
}

function isLive(entry: AttachmentManifestEntry): boolean {
  return entry.releasedAtEpochMs === undefined
}

/** The session's own metadata. Even if its intent had none, not that of another session for the same bytes. */
function ownMeta(entry: AttachmentManifestEntry, stored: AttachmentMeta): AttachmentMeta {
  return storedMeta(stored.id, stored.byteLength, entry.meta ?? { mediaType: 'application/octet-stream' })
}

/**
 * For what fails while an intent is recorded, alone or with its bytes. The caller's own errors and aborts stay as they
 * are.
 */
function recordError(id: AttachmentId, cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  const code = AttachmentStoreError.isInstance(cause) && cause.code
  if (code === 'closed' || code === 'invalid_argument') return cause
  return new AttachmentManifestRecordError(`nothing was put, the manifest could not record the intent: ${cause}`, {
    id,
    cause,
  })
}
