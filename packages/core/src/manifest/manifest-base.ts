import { Lifetime } from '../calls/lifetime.ts'
import { type AttachmentContent, isPreparedContent } from '../content/content.ts'
import { type AttachmentId, isAttachmentId } from '../content/id.ts'
import type { AttachmentCreateMeta, AttachmentRef } from '../content/meta.ts'
import { AttachmentIntentExpiredError, AttachmentInvalidArgumentError } from '../errors.ts'
import type { AttachmentKey } from '../store/driver.ts'
import {
  type CommitTarget,
  checkBlobs,
  checkCommit,
  checkIntent,
  checkOrphanQuery,
  checkSessionId,
  checkTime,
} from './checks.ts'
import type {
  AttachmentCommitOptions,
  AttachmentIntent,
  AttachmentManifest,
  AttachmentManifestEntry,
  OrphanClaim,
  OrphanQuery,
} from './manifest.ts'

export interface AttachmentManifestOptions {
  /**
   * For how long the generation of content that nobody refers to is remembered, in milliseconds, 0 or more. Default 30
   * days. No writer may stall for longer between its intent and its put, and no sweeper between its claim and its
   * delete.
   */
  tombstoneRetentionMs?: number | undefined
  /**
   * The clock that commits, releases and claims are dated by, in milliseconds since 1970. Safety does not depend on it.
   * Default `Date.now`.
   */
  now?: (() => number) | undefined
}

const defaultTombstoneRetentionMs = 30 * 24 * 60 * 60 * 1000

/** A result, or a promise of it. What is done at once needs no promise. */
export type Awaitable<T> = T | Promise<T>

/** A listing, page by page. A page may make each entry when it is asked for. */
export type EntryPages = AsyncGenerator<Iterable<AttachmentManifestEntry>, void, void>

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

  protected abstract record(intent: AttachmentIntent): Awaitable<number>

  /**
   * For the `recordIntentAndPut` of a backend, which knows that the content is small enough and that the store is in
   * the same database. Undefined when the intent has no metadata, or when the content is not ours: its id may not be
   * that of its bytes, so the store's own put must read and hash it.
   */
  protected recordWith<T>(
    content: AttachmentContent,
    intent: AttachmentIntent,
    signal: AbortSignal | undefined,
    write: (intent: AttachmentIntent, meta: AttachmentCreateMeta) => Promise<T>,
  ): Promise<T> | undefined {
    if (intent.meta === undefined || !isPreparedContent(content)) return undefined
    return this.#call(signal, () => {
      const checked = checkIntent(intent)
      if (content.id === checked.attachmentId) return write(checked, checked.meta as AttachmentCreateMeta)
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
      const committing = this.commit(checkSessionId(sessionId), checkCommit(refs), options)
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
    options: AttachmentCommitOptions,
  ): Awaitable<readonly AttachmentId[]>

  /** For a commit that is a synchronous step of the host's own transaction. */
  protected commitNow(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    commit: (sessionId: string, targets: readonly CommitTarget[]) => readonly AttachmentId[],
  ): void {
    this.#lifetime.assertOpen()
    refuseExpired(commit(checkSessionId(sessionId), checkCommit(refs)))
  }

  releaseRefs(sessionId: string, ids?: readonly AttachmentId[]): Promise<void> {
    return this.#call(undefined, () => {
      const session = checkSessionId(sessionId)
      const wellFormed = ids?.filter(isAttachmentId)
      if (wellFormed?.length !== 0) return this.release(session, wellFormed)
    })
  }

  /** There is at least one id. Undefined: all of them. */
  protected abstract release(sessionId: string, ids: readonly AttachmentId[] | undefined): Awaitable<void>

  lookup(sessionId: string, id: AttachmentId): Promise<AttachmentManifestEntry | undefined> {
    return this.#call(undefined, () => {
      const session = checkSessionId(sessionId)
      return isAttachmentId(id) ? this.find(session, id) : undefined
    })
  }

  protected abstract find(sessionId: string, id: AttachmentId): Awaitable<AttachmentManifestEntry | undefined>

  listRefs(sessionId: string): AsyncGenerator<AttachmentManifestEntry, void, void> {
    return this.#entries(() => this.refsOf(checkSessionId(sessionId)))
  }

  protected abstract refsOf(sessionId: string): EntryPages

  listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    return this.#entries(() => this.uncommitted(checkTime('olderThanEpochMs', olderThanEpochMs)))
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

  claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]> {
    return this.#call(undefined, () => {
      const checked = checkBlobs(blobs)
      return checked.length === 0 ? [] : this.claimListed(checked)
    })
  }

  /** There is at least one blob. */
  protected abstract claimListed(blobs: readonly AttachmentKey[]): Awaitable<OrphanClaim[]>

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
  async *#entries(list: () => EntryPages): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.#lifetime.assertOpen()
    const pages = list()
    try {
      for (;;) {
        const page = await this.#call(undefined, () => pages.next())
        if (page.done) return
        for (const entry of page.value) {
          yield entry
          this.#lifetime.assertOpen()
        }
      }
    } finally {
      await pages.return()
    }
  }
}

function refuseExpired(ids: readonly AttachmentId[]): void {
  if (ids.length > 0) throw new AttachmentIntentExpiredError(ids)
}
