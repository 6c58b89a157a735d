import { Lifetime } from '../calls/lifetime.ts'
import { toldOf, traced, tracedStream } from '../calls/tracing.ts'
import { type AttachmentBody, type AttachmentContent, PreparedContent } from '../content/content.ts'
import { type AttachmentId, isAttachmentId, isAttachmentIdPrefix } from '../content/id.ts'
import {
  type AttachmentCreateMeta,
  type AttachmentMeta,
  type AttachmentRef,
  checkMeta,
  refTo,
  storedMeta,
} from '../content/meta.ts'
import { AttachmentInvalidArgumentError, AttachmentTooLargeError } from '../errors.ts'
import { checkHolder, checkSessionId } from '../manifest/checks.ts'
import type { AttachmentCommitOptions, AttachmentManifest } from '../manifest/manifest.ts'
import { physicalName } from '../store/driver.ts'
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
import { adoptAll } from './adoption.ts'
import { heldRef, lengthOf, liveRefs, ownMeta, readHeld } from './held-refs.ts'
import { intentFor, recorded } from './intents.ts'
import { PendingAttachments } from './pending.ts'

export interface SessionScopedAttachmentStoreOptions {
  /** Who in the session puts through this view, and lets go. Default: nobody in particular; see the class. */
  holder?: string | undefined
  /** The clock that dates intents, in milliseconds since 1970. Safety does not depend on it. Default `Date.now`. */
  now?: (() => number) | undefined
}

export interface SessionCommitOptions extends Omit<AttachmentCommitOptions, 'holder'> {
  /**
   * Exactly these refs, whoever put them: another view, another request. Give what `put`, `adopt` or `ref` gave: only
   * id and generation of each count, and that the bytes are there is what these vouch for. Default: what was put and
   * adopted through this view and is not yet committed.
   */
  refs?: readonly AttachmentRef[] | undefined
}

/** How much a session or a holder holds. */
export interface AttachmentUsage {
  /** How many contents. */
  count: number
  /** Their length together, in bytes. */
  byteLength: number
}

/**
 * One session's view of a shared store. It reads only what the session holds a live ref to, shows the session's own
 * metadata, and records every put in the manifest before it writes. It neither sees nor harms what other sessions hold,
 * even if the bytes are the same.
 *
 * In a turn, a host puts as often as it needs, keeps the refs in its own state, and commits together with that state.
 * What is put and never committed is an orphan, which `reclaimOrphanedAttachments` takes.
 *
 * The session is the boundary of reading. Within it, each ref belongs to a **holder**, such as a message or a draft,
 * which is the unit of letting go: bytes stay while any holder has them. A view that was given a holder commits,
 * releases, deletes, lists and counts what that holder has. It reads whatever the session has, and shows the metadata
 * of its own holder first. A view without a holder puts and commits for the holder `''`, and releases, deletes, lists
 * and counts what any holder of the session has.
 *
 * `close` closes this view and the streams that it gave out. The store and the manifest are shared, and stay open.
 */
export class SessionScopedAttachmentStore implements AttachmentStore {
  declare readonly inner: AttachmentStore
  declare readonly manifest: AttachmentManifest
  declare readonly persistence: AttachmentStorePersistence
  declare readonly maxByteLength: number | undefined
  declare readonly sessionId: string
  /** Undefined for the view of the whole session. */
  declare readonly holder: string | undefined
  readonly #pending = new PendingAttachments()
  readonly #lifetime: Lifetime
  readonly #now: () => number

  /** @throws AttachmentInvalidArgumentError when the session id or the holder is too long or malformed. */
  constructor(
    inner: AttachmentStore,
    manifest: AttachmentManifest,
    sessionId: string,
    options: SessionScopedAttachmentStoreOptions = {},
  ) {
    this.inner = inner
    this.persistence = inner.persistence
    this.maxByteLength = inner.maxByteLength
    this.manifest = manifest
    this.sessionId = checkSessionId(sessionId)
    this.holder = options.holder === undefined ? undefined : checkHolder(options.holder)
    this.#now = options.now ?? Date.now
    this.#lifetime = new Lifetime('the session store')
  }

  /** A view for a holder of the same session. It costs no more than an object, and need not be closed. */
  withHolder(holder: string): SessionScopedAttachmentStore {
    this.#lifetime.assertOpen()
    return new SessionScopedAttachmentStore(this.inner, this.manifest, this.sessionId, { holder, now: this.#now })
  }

  async prepare(body: AttachmentBody, options: AttachmentSignalOptions = {}): Promise<AttachmentContent> {
    this.#lifetime.enterWith(body, options.signal)
    try {
      return await this.#prepared(body, options.signal)
    } finally {
      this.#lifetime.exit()
    }
  }

  /**
   * As `put` of any store, but the manifest chooses the generation, and to give one is refused. When this holder has
   * already committed the same bytes, what it said about them then stays: release them before, or use another holder.
   * @throws AttachmentManifestRecordError when the intent could not be recorded, or intent and bytes could not be
   * written in the one transaction in which their database takes both; then nothing was put.
   */
  put(body: AttachmentBody, meta: AttachmentCreateMeta, options: AttachmentPutOptions = {}): Promise<AttachmentRef> {
    return traced('put', options, { store: this }, async () => {
      const { signal } = options
      const checked = this.#lifetime.enterWith(body, signal, () => {
        if (options.generation === undefined) return checkMeta(meta)
        throw new AttachmentInvalidArgumentError('the manifest chooses the generation')
      })
      try {
        const given = PreparedContent.of(body)
        const content = given ?? (await this.#prepared(body, signal))
        try {
          return await this.#putContent(PreparedContent.of(content) ?? content, checked, signal)
        } finally {
          if (given === undefined) await content[Symbol.asyncDispose]()
        }
      } finally {
        this.#lifetime.exit()
      }
    })
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
    const { id, byteLength } = content
    const { maxByteLength = byteLength } = this
    if (byteLength > maxByteLength) throw new AttachmentTooLargeError(maxByteLength)
    const { inner, manifest } = this
    const put = this.#pending.begin(id)
    try {
      // First the intent, then the bytes; both in one step where one database holds both.
      const intent = intentFor(this, content, meta, this.#now())
      const { generation, isPut } = await recorded(id, signal, async () => {
        const together = manifest.recordIntentAndPut?.(inner, intent, content, { signal })
        return together ?? { generation: await manifest.recordIntent(intent), isPut: false }
      })
      put.generation = generation
      if (!isPut) await inner.put(content, meta, { generation, signal, ...toldOf })
      put.ref = refTo(storedMeta(id, byteLength, meta), generation)
      return put.ref
    } finally {
      this.#pending.end(put)
    }
  }

  get(id: AttachmentId, options: AttachmentGetOptions = {}): Promise<StoredAttachment> {
    return traced('get', options, { store: this, id }, () =>
      this.#read(id, options, generation => this.inner.get(id, { ...options, ...toldOf, generation })),
    )
  }

  stream(id: AttachmentId, options: AttachmentStreamOptions = {}): Promise<AttachmentStream> {
    const signal = this.#lifetime.until(options.signal)
    return tracedStream(options, { store: this, id }, () =>
      this.#read(id, options, generation => this.inner.stream(id, { ...options, ...toldOf, generation, signal })),
    )
  }

  /** Reads at the generation that the session holds. */
  #read<Found extends { meta: AttachmentMeta }>(
    id: AttachmentId,
    options: AttachmentGenerationOptions,
    read: (generation: number) => Promise<Found>,
  ): Promise<Found> {
    const { signal } = options
    return this.#lifetime.run(signal, () =>
      readHeld(this, id, options, async entry => {
        const found = await read(entry.generation)
        signal?.throwIfAborted()
        return { ...found, meta: storedMeta(id, found.meta.byteLength, ownMeta(entry)) }
      }),
    )
  }

  stat(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<AttachmentMeta | undefined> {
    return this.#lifetime.run(options.signal, async () => {
      const entry = await heldRef(this, id, options)
      const meta = entry && (await this.inner.stat(id, { ...options, generation: entry.generation }))
      return meta && storedMeta(id, meta.byteLength, ownMeta(entry))
    })
  }

  /**
   * What the manifest knows of the content, and not what somebody says who sent its id: a ref that comes back from a
   * browser is a claim. Undefined when the session does not hold it, and for a malformed id. Also when it is not
   * committed and the store does not have the bytes: their put has failed, or is not yet done. So what this gives may
   * be committed.
   */
  ref(id: AttachmentId, options: AttachmentSignalOptions = {}): Promise<AttachmentRef | undefined> {
    return this.#lifetime.run(options.signal, async () => {
      const entry = await heldRef(this, id, options)
      if (entry === undefined) return undefined
      const byteLength = await lengthOf(this, entry, options, entry.committedAtEpochMs !== undefined)
      return byteLength === undefined ? undefined : refTo(storedMeta(id, byteLength, ownMeta(entry)), entry.generation)
    })
  }

  /** How much is held, committed or not. Content counts once, however many holders have it. */
  usage(options: AttachmentSignalOptions = {}): Promise<AttachmentUsage> {
    return this.#lifetime.run(options.signal, async () => {
      const usage = { count: 0, byteLength: 0 }
      for await (const entry of liveRefs(this)) {
        usage.byteLength += (await lengthOf(this, entry, options)) ?? 0
        usage.count++
        this.#lifetime.assertOpen(options.signal)
      }
      return usage
    })
  }

  /** What is held and the store has, each content once, at the generations that the session holds. */
  async *list(options: AttachmentListOptions = {}): AsyncGenerator<AttachmentListing, void, void> {
    const { signal, prefix = '' } = options
    this.#lifetime.assertOpen(signal)
    if (!isAttachmentIdPrefix(prefix)) return
    for await (const { attachmentId: id, generation } of liveRefs(this)) {
      if (!id.startsWith(prefix)) continue
      const meta = await this.inner.stat(id, { generation, signal })
      if (meta !== undefined) yield { id, generation, byteLength: meta.byteLength }
      this.#lifetime.assertOpen(signal)
    }
  }

  /**
   * Releases the content. If then nobody has a live ref to it, deletes the bytes at once. Bytes that another holder or
   * another session refers to are not touched. If this fails midway, a sweep does the rest.
   */
  delete(id: AttachmentId, options: AttachmentGenerationOptions = {}): Promise<void> {
    const { signal } = options
    return this.#lifetime.run(signal, async () => {
      if (!isAttachmentId(id)) return
      if (options.generation !== undefined && (await heldRef(this, id, options)) === undefined) return
      await this.#release([id])
      // At any age, since everyone who held the content has released it.
      const query = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 1, ids: [id], releasedOnly: true }
      for (const claim of await this.manifest.claimOrphans(query)) {
        await this.inner.delete(claim.attachmentId, { generation: claim.generation, signal })
        await this.manifest.settleClaims([claim])
      }
    })
  }

  /**
   * Refs that were put or adopted through this view and are not yet committed. To commit them is exact, whatever else
   * is in flight.
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
   * Commits the given refs, all or nothing, and returns them as they were given. Without `refs`: what is pending, which
   * is what was put and adopted through this view alone. When the upload is one request and the message another, give
   * the refs. Does nothing when there is nothing to commit.
   *
   * In the host's own transaction (`options.client`) pending refs stay pending, since the host may still roll back.
   * Call `markManifestCommitted` with their ids once the host has committed. To commit again is harmless.
   * @throws AttachmentIntentExpiredError when this holder has no live ref to any of them: a sweep has taken it, or it
   * was released, or another holder put it. Then nothing is committed, and all stay pending.
   */
  commit({ refs, ...options }: SessionCommitOptions = {}): Promise<AttachmentRef[]> {
    return this.#lifetime.run(options.signal, async () => {
      const pending = this.#pending.refs()
      const wanted = refs ?? pending
      if (wanted.length > 0) {
        const event = { store: this, refs: wanted, inTransaction: options.client !== undefined }
        await traced('commit', options, event, () =>
          this.manifest.commitRefs(this.sessionId, wanted, { ...options, holder: this.holder ?? '' }),
        )
      }
      if (options.client === undefined) {
        const names = new Set(wanted.map(physicalName))
        for (const ref of pending) if (names.has(physicalName(ref))) this.#pending.removeRef(ref)
      }
      return wanted.map(ref => ({ ...ref }))
    })
  }

  /**
   * Gives this holder refs of its own to what another view holds: a message to what its draft has, a fork to what the
   * chat has that it comes from. No bytes are read or written, unless a sweep is just taking them; then they are
   * copied. The refs have the metadata of the source. They are pending until `commit`.
   * @param refs of which only the ids count.
   * @param from a view of any session, over the same store and manifest. It must hold each of them: to know an id is
   * not enough.
   * @throws AttachmentNotFoundError when the other view does not hold one of them, or its bytes are gone. Then none is
   * pending, and a sweep takes what was recorded for the others.
   * @throws AttachmentInvalidArgumentError when the stores or the manifests are not the same objects.
   */
  adopt(
    refs: readonly AttachmentRef[],
    from: SessionScopedAttachmentStore,
    { signal }: AttachmentSignalOptions = {},
  ): Promise<AttachmentRef[]> {
    return this.#lifetime.run(signal, () => {
      from.#lifetime.assertOpen()
      return adoptAll(this, refs, from, this.#pending, this.#now(), { signal })
    })
  }

  /**
   * Releases the ids or, without `ids`, everything: of the holder, as when a message is deleted, or of the session, as
   * when a chat is. A sweep takes what nobody else holds.
   */
  release(ids?: readonly AttachmentId[]): Promise<void> {
    return this.#lifetime.run(undefined, () => this.#release(ids?.filter(isAttachmentId)))
  }

  #release(ids: readonly AttachmentId[] | undefined): Promise<void> {
    // First, since what is put from here on stays pending.
    this.#pending.remove(ids)
    return this.manifest.releaseRefs(this.sessionId, ids, { holder: this.holder })
  }

  close(): Promise<void> {
    return this.#lifetime.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
