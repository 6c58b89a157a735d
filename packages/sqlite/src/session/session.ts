import {
  type AttachmentReclamationReport,
  type AttachmentRef,
  reclaimOrphanedAttachments,
  type SessionCommitOptions,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import type { SqliteAttachments } from '../attachments.ts'
import { HolderView } from './holder-view.ts'

/** When to delete bytes from a session's database that were released, or put and never committed. */
export interface SqliteGcPolicy {
  /**
   * Collect after every so many commits that committed something, through the session or the view of any holder.
   * Default: never; call `collectGarbage`.
   */
  autoRunEveryCommits?: number | undefined
  /**
   * How long an uncommitted or released attachment is kept, in milliseconds. Choose more than the slowest turn takes
   * from put to commit: a slower turn gets AttachmentIntentExpiredError and must put again. Committed bytes are never
   * collected.
   */
  gracePeriodMs: number
}

/** One session's attachments in a database of its own. Closing it closes the database, for the views of holders too. */
export class SqliteSession extends SessionScopedAttachmentStore {
  /** The database file. */
  readonly path: string
  readonly #attachments: SqliteAttachments
  readonly #policy: SqliteGcPolicy
  readonly #onClose: () => void
  #commits = 0
  #isClosing = false
  #collection: Promise<AttachmentReclamationReport> | undefined

  /** Use `SqliteSessionFactory` instead. */
  constructor(
    path: string,
    sessionId: string,
    attachments: SqliteAttachments,
    policy: SqliteGcPolicy,
    onClose: (session: SqliteSession) => void,
  ) {
    super(attachments.store, attachments.manifest, sessionId)
    this.path = path
    this.#attachments = attachments
    this.#policy = policy
    this.#onClose = () => onClose(this)
  }

  override withHolder(holder: string): SessionScopedAttachmentStore {
    return new HolderView(super.withHolder(holder), () => this.#countCommit())
  }

  override async commit(options?: SessionCommitOptions): Promise<AttachmentRef[]> {
    const refs = await super.commit(options)
    if (refs.length > 0) this.#countCommit()
    return refs
  }

  #countCommit(): void {
    const every = this.#policy.autoRunEveryCommits
    if (every === undefined || ++this.#commits % every > 0) return
    // A view of a holder may still commit while the session is closed.
    if (!this.#isClosing) this.#collectInBackground()
  }

  /** Deletes what nobody has committed within the grace period. Committed bytes stay. A call joins a running one. */
  collectGarbage(): Promise<AttachmentReclamationReport> {
    const { store, manifest } = this.#attachments
    this.#collection ??= reclaimOrphanedAttachments(manifest, store, Date.now() - this.#policy.gracePeriodMs).finally(
      () => {
        this.#collection = undefined
      },
    )
    return this.#collection
  }

  /** A failure is only a warning: the commit has succeeded, and the next run takes up the work. */
  #collectInBackground(): void {
    this.collectGarbage().catch((error: unknown) => {
      process.emitWarning(
        `collecting garbage in ${this.path} failed: ${(error as Error).message}`,
        'AttachmentGcWarning',
      )
    })
  }

  override async close(): Promise<void> {
    await super.close()
    this.#isClosing = true
    await this.#collection?.catch(() => {})
    await this.#attachments.close()
    this.#onClose()
  }
}
