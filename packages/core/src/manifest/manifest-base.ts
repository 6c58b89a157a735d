import { Lifetime } from '../calls/lifetime.ts'
import { type AttachmentContent, isPreparedContent } from '../content/content.ts'
import { type AttachmentId, isAttachmentId } from '../content/id.ts'
import type { AttachmentCreateMeta, AttachmentRef } from '../content/meta.ts'
import { AttachmentIntentExpiredError, AttachmentInvalidArgumentError } from '../errors.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentSignalOptions } from '../store/store.ts'
import {
  type CheckedIntent,
  type CommitTarget,
  checkBlobs,
  checkCommit,
  checkHolder,
  checkIntent,
  checkOrphanQuery,
  checkSessionId,
  checkTime,
} from './checks.ts'
import { type ImportBatch, ImportBatches } from './imports.ts'
import type {
  AttachmentClaimBlobsOptions,
  AttachmentCommitOptions,
  AttachmentHolderOptions,
  AttachmentIntent,
  AttachmentManifest,
  AttachmentManifestEntry,
  AttachmentManifestRecord,
  AttachmentReleaseOptions,
  OrphanClaim,
  OrphanQuery,
} from './manifest.ts'

export interface AttachmentManifestOptions {
  /**
   * For how long the generation of reclaimed content is remembered, in milliseconds, 0 or more. Default 30 days, and 0
   * for a manifest in memory. It is a matter of space and of plain names, not of safety: once a generation is
   * forgotten, unknown content starts at a higher one, and only copies at generation 0 have the plain id for a name.
   */
  tombstoneRetentionMs?: number | undefined
  /**
   * The clock that commits, releases and claims are dated by, in milliseconds since 1970. Safety does not depend on it.
   * Default `Date.now`.
   */
  now?: (() => number) | undefined
}

const defaultTombstoneRetentionMs = 30 * 24 * 60 * 60 * 1000

/** The options of a commit, with the holder. */
export interface CommitRequest extends AttachmentCommitOptions {
  readonly holder: string
}

/** A result, or a promise of it. What is done at once needs no promise. */
export type Awaitable<T> = T | Promise<T>

/** Content of which a store lists copies. */
export interface ListedContent {
  readonly id: AttachmentId
  /** The content's generation or, of unknown content, the floor. If it was claimed: that of the claimed copy. */
  readonly generation: number
  /** The token of the claim. Undefined when nothing was claimed. */
  readonly token?: string | undefined
}

/** A listing, page by page. A page may make each entry when it is asked for. */
export type EntryPages = AsyncGenerator<Iterable<AttachmentManifestEntry>, void, void>

/** An export, page by page. */
export type RecordPages = AsyncGenerator<Iterable<AttachmentManifestRecord>, void, void>

/**
 * What every manifest does around the protocol. It checks arguments and leaves out malformed ids. It counts calls:
 * `close` waits for those in flight, and later ones are refused. A backend writes the protected methods. Each does what
 * the public method above it promises, gets checked arguments, and is called only while the manifest is open.
 */
export abstract class ManifestBase implements AttachmentManifest {
  /** The clock, in whole milliseconds. */
  protected readonly now: () => number
  protected readonly tombstoneRetentionMs: number
  readonly #name: string
  readonly #insteadOfClient: string | undefined
  readonly #lifetime: Lifetime

  /**
   * @param name of the backend, for messages: `sqlite`.
   * @param insteadOfClient advice for a host that gives `commitRefs` a `client`. Left out by a manifest that accepts
   * one.
   * @throws AttachmentInvalidArgumentError
   */
  constructor(name: string, options: AttachmentManifestOptions, insteadOfClient?: string) {
    const { tombstoneRetentionMs = defaultTombstoneRetentionMs, now = Date.now } = options
    if (!(tombstoneRetentionMs >= 0)) {
      throw new AttachmentInvalidArgumentError('tombstoneRetentionMs must be a number of milliseconds, 0 or more')
    }
    this.tombstoneRetentionMs = tombstoneRetentionMs
    // A host's clock may give fractions, as `performance` does.
    this.now = () => checkTime('what `now` gives', Math.floor(now()))
    this.#name = name
    this.#insteadOfClient = insteadOfClient
    this.#lifetime = new Lifetime(`the ${name} manifest`)
  }

  recordIntent(intent: AttachmentIntent): Promise<number> {
    return this.#call(undefined, () => this.record(checkIntent(intent)))
  }

  protected abstract record(intent: CheckedIntent): Awaitable<number>

  /**
   * For the `recordIntentAndPut` of a backend, which knows that the content is small enough and that the store is in
   * the same database. Undefined when the intent has no metadata, or when the content is not ours: its id may not be
   * that of its bytes, so the store's own put must read and hash it.
   */
  protected recordWith<T>(
    content: AttachmentContent,
    intent: AttachmentIntent,
    signal: AbortSignal | undefined,
    write: (intent: CheckedIntent, meta: AttachmentCreateMeta) => Promise<T>,
  ): Promise<T> | undefined {
    if (intent.meta === undefined || !isPreparedContent(content)) return undefined
    return this.#call(signal, () => {
      const checked = checkIntent(intent)
      const isOfContent = content.id === checked.attachmentId && content.byteLength === checked.byteLength
      if (isOfContent) return write(checked, checked.meta as AttachmentCreateMeta)
      throw new AttachmentInvalidArgumentError('the intent is for other content')
    })
  }

  async commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: AttachmentCommitOptions = {},
  ): Promise<void> {
    this.#lifetime.enter(options.signal)
    try {
      if (options.client !== undefined) this.#checkJoins()
      const request = { ...options, holder: checkHolder(options.holder ?? '') }
      const committing = this.commit(checkSessionId(sessionId), checkCommit(refs), request)
      refuseExpired(committing instanceof Promise ? await committing : committing)
    } finally {
      this.#lifetime.exit()
    }
  }

  #checkJoins(): void {
    if (this.#insteadOfClient === undefined) return
    throw new AttachmentInvalidArgumentError(
      `the ${this.#name} manifest does not join a transaction by \`client\`: ${this.#insteadOfClient}`,
    )
  }

  /** @returns every id that cannot be committed. If there is one, nothing has changed. */
  protected abstract commit(
    sessionId: string,
    targets: readonly CommitTarget[],
    request: CommitRequest,
  ): Awaitable<readonly AttachmentId[]>

  /** For a commit that is a synchronous step of the host's own transaction. */
  protected commitNow(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    holder: string | undefined,
    commit: (sessionId: string, targets: readonly CommitTarget[], holder: string) => readonly AttachmentId[],
  ): void {
    this.#lifetime.assertOpen()
    refuseExpired(commit(checkSessionId(sessionId), checkCommit(refs), checkHolder(holder ?? '')))
  }

  releaseRefs(sessionId: string, ids?: readonly AttachmentId[], options?: AttachmentReleaseOptions): Promise<void> {
    return this.#call(undefined, () => {
      const session = checkSessionId(sessionId)
      const holder = holderOf(options)
      const wellFormed = ids?.filter(isAttachmentId)
      if (wellFormed?.length !== 0) return this.release(session, wellFormed, holder, options?.uncommittedOnly === true)
    })
  }

  /** There is at least one id. Ids undefined: all of them. Holder undefined: every holder. */
  protected abstract release(
    sessionId: string,
    ids: readonly AttachmentId[] | undefined,
    holder: string | undefined,
    uncommittedOnly: boolean,
  ): Awaitable<void>

  lookup(
    sessionId: string,
    id: AttachmentId,
    options?: AttachmentHolderOptions,
  ): Promise<AttachmentManifestEntry | undefined> {
    return this.#call(undefined, () => {
      const session = checkSessionId(sessionId)
      const holder = holderOf(options)
      return isAttachmentId(id) ? this.find(session, id, holder) : undefined
    })
  }

  protected abstract find(
    sessionId: string,
    id: AttachmentId,
    holder: string | undefined,
  ): Awaitable<AttachmentManifestEntry | undefined>

  listRefs(sessionId: string, options?: AttachmentHolderOptions): AsyncGenerator<AttachmentManifestEntry, void, void> {
    return this.#listing(() => this.refsOf(checkSessionId(sessionId), holderOf(options)))
  }

  protected abstract refsOf(sessionId: string, holder: string | undefined): EntryPages

  listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    return this.#listing(() => this.uncommitted(checkTime('olderThanEpochMs', olderThanEpochMs)))
  }

  protected abstract uncommitted(olderThanEpochMs: number): EntryPages

  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return this.#call(undefined, () => {
      const { ids, ...rest } = checkOrphanQuery(query)
      if (ids === undefined) return this.claim(rest)
      const wellFormed = ids.filter(isAttachmentId)
      return wellFormed.length === 0 ? [] : this.claim({ ...rest, ids: wellFormed })
    })
  }

  /** If the query has `ids`, there is at least one. */
  protected abstract claim(query: OrphanQuery): Awaitable<OrphanClaim[]>

  claimBlobs(blobs: readonly AttachmentKey[], options: AttachmentClaimBlobsOptions = {}): Promise<OrphanClaim[]> {
    return this.#call(undefined, async () => {
      const copies = copiesById(checkBlobs(blobs))
      if (copies.size === 0) return []
      const highest = [...copies].map(([id, generations]) => ({ id, generation: Math.max(...generations) }))
      const found = await this.claimListed(highest, options.dryRun === true)
      return found.flatMap(content => claimsOf(content, copies.get(content.id) ?? []))
    })
  }

  /**
   * Of each content, the highest copy that a store lists: claims it if nobody has use for it, and if this is no dry
   * run. There is at least one, and no two of the same content.
   */
  protected abstract claimListed(
    highest: readonly AttachmentKey[],
    dryRun: boolean,
  ): Awaitable<readonly ListedContent[]>

  settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    return this.#call(undefined, () => this.settle(claims.filter(({ attachmentId }) => isAttachmentId(attachmentId))))
  }

  /** Also purges what has been remembered for longer than `tombstoneRetentionMs`, even when there are no claims. */
  protected abstract settle(claims: readonly OrphanClaim[]): Awaitable<void>

  forget(id: AttachmentId): Promise<void> {
    return this.#call(undefined, () => {
      if (isAttachmentId(id)) return this.drop(id)
    })
  }

  protected abstract drop(id: AttachmentId): Awaitable<void>

  exportContents({ signal }: AttachmentSignalOptions = {}): AsyncGenerator<AttachmentManifestRecord, void, void> {
    return this.#listing(() => this.exported(), signal)
  }

  /**
   * First the floor; then content with refs, for which there is `recordsOf`; and last content without: what lost its
   * refs meanwhile comes twice, and is not left out.
   */
  protected abstract exported(): RecordPages

  importContents(
    records: AsyncIterable<AttachmentManifestRecord>,
    { signal }: AttachmentSignalOptions = {},
  ): Promise<void> {
    return this.#call(signal, async () => {
      const batches = new ImportBatches(records, this.#lifetime.until(signal))
      try {
        await this.fill(batches)
      } catch (error) {
        throw batches.failure === undefined ? error : batches.failure.error
      }
    })
  }

  /**
   * Reads the batches only once it is known that the manifest is empty, and else throws `usedManifestError`. Throws
   * `repeatedRecordError` for content or a ref that comes twice. Refs to one content may come in several batches.
   */
  protected abstract fill(batches: AsyncIterable<ImportBatch>): Promise<void>

  close(): Promise<void> {
    return this.#lifetime.close(() => this.free())
  }

  /** Frees what the manifest opened itself. Called once, when no call is in flight. */
  protected abstract free(): Promise<void>

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #call<T>(signal: AbortSignal | undefined, call: () => Awaitable<T>): Promise<T> {
    this.#lifetime.enter(signal)
    try {
      const result = call()
      // What is done at once is not awaited: this is the hot path of a manifest in memory.
      return result instanceof Promise ? await result : result
    } finally {
      this.#lifetime.exit()
    }
  }

  /** To read a page is a call like any other. */
  async *#listing<T>(
    list: () => AsyncGenerator<Iterable<T>, void, void>,
    signal?: AbortSignal,
  ): AsyncGenerator<T, void, void> {
    this.#lifetime.assertOpen(signal)
    const pages = list()
    try {
      for (;;) {
        const page = await this.#call(signal, () => pages.next())
        if (page.done) return
        for (const item of page.value) {
          yield item
          this.#lifetime.assertOpen(signal)
        }
      }
    } finally {
      await pages.return()
    }
  }
}

function holderOf(options: AttachmentHolderOptions | undefined): string | undefined {
  return options?.holder === undefined ? undefined : checkHolder(options.holder)
}

function copiesById(blobs: readonly AttachmentKey[]): Map<AttachmentId, Set<number>> {
  const copies = new Map<AttachmentId, Set<number>>()
  for (const { id, generation } of blobs) copies.set(id, (copies.get(id) ?? new Set()).add(generation))
  return copies
}

/**
 * The claim on the highest copy, and those on the copies below the content's generation. Nobody writes there any more,
 * so nothing has to know of these claims: their tokens are stored nowhere.
 */
function claimsOf({ id, generation, token }: ListedContent, generations: Iterable<number>): OrphanClaim[] {
  const claims = token === undefined ? [] : [{ attachmentId: id, generation, token }]
  for (const copy of generations) {
    if (copy < generation) claims.push({ attachmentId: id, generation: copy, token: crypto.randomUUID() })
  }
  return claims
}

function refuseExpired(ids: readonly AttachmentId[]): void {
  if (ids.length > 0) throw new AttachmentIntentExpiredError(ids)
}
