import { type AttachmentRef, type SessionCommitOptions, SessionScopedAttachmentStore } from '@lash/attachments-core'

/** One holder's view of a session that has a database of its own: its commits count as the session's do. */
export class HolderView extends SessionScopedAttachmentStore {
  readonly #onCommit: () => void

  /** @param view the same, not counted. */
  constructor(view: SessionScopedAttachmentStore, onCommit: () => void) {
    super(view.inner, view.manifest, view.sessionId, { holder: view.holder })
    this.#onCommit = onCommit
  }

  override withHolder(holder: string): SessionScopedAttachmentStore {
    return new HolderView(super.withHolder(holder), this.#onCommit)
  }

  override async commit(options?: SessionCommitOptions): Promise<AttachmentRef[]> {
    const refs = await super.commit(options)
    if (refs.length > 0) this.#onCommit()
    return refs
  }
}
