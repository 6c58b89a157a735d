import { type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'

export interface HoldOptions {
  /** When this aborts, the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
  /** Who has what the messages show: a draft, or a chat that is forked. Default: any holder of the same session. */
  from?: SessionScopedAttachmentStore | undefined
}

/** Refs of the view's own to those of the named that the other view's session holds. */
export async function hold(
  session: SessionScopedAttachmentStore,
  named: readonly AttachmentRef[],
  { signal, from = wholeSession(session) }: HoldOptions,
  concurrency: number,
): Promise<AttachmentRef[]> {
  const ids = [...new Set(named.map(({ id }) => id))]
  const found = await concurrently(ids, concurrency, id => from.ref(id, { signal }))
  const held = found.filter(ref => ref !== undefined)
  return held.length === 0 ? [] : session.adopt(held, from, { signal })
}

function wholeSession({ inner, manifest, sessionId }: SessionScopedAttachmentStore): SessionScopedAttachmentStore {
  return new SessionScopedAttachmentStore(inner, manifest, sessionId)
}
