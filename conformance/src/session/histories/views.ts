import { type AttachmentId, type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { AttachmentPair } from '../../harness.ts'

/** The time of sessions and, where it can be set, of the manifest. */
export interface Clock {
  now: number
}

/** Whose refs a view is about: a holder's or, without one, those of all holders of the session. */
export type ViewName = 'draft' | 'chat' | 'message' | 'fork' | 'forkDraft'

export interface Scope {
  readonly session: string
  readonly holder: string | undefined
}

/*
 * Few views, so that calls meet. One session and one holder have names that are patterns in some database, and stand
 * for the other one there.
 */
export const scopes: Readonly<Record<ViewName, Scope>> = {
  draft: { session: 'chat', holder: 'draft' },
  chat: { session: 'chat', holder: undefined },
  message: { session: 'chat', holder: '%' },
  fork: { session: 'cha_', holder: undefined },
  forkDraft: { session: 'cha_', holder: 'draft' },
}

export const viewNames = Object.keys(scopes) as readonly ViewName[]

/** Few contents, and no two of the same length. */
export const contents: readonly string[] = ['a', 'bb']

/** What a session looks at through, and what should be pending there. */
export interface View extends Scope {
  readonly store: SessionScopedAttachmentStore
  readonly pending: Map<AttachmentId, AttachmentRef>
}

/** A store and a manifest that are open, and the views of their sessions. */
export interface OpenPair extends AttachmentPair {
  readonly views: Readonly<Record<ViewName, View>>
}

export function openPair({ store, manifest }: AttachmentPair, clock: Clock): OpenPair {
  const sessions = new Map<string, SessionScopedAttachmentStore>()
  const views = viewNames.map((name): [ViewName, View] => {
    const { session, holder } = scopes[name]
    const whole =
      sessions.get(session) ?? new SessionScopedAttachmentStore(store, manifest, session, { now: () => clock.now })
    sessions.set(session, whole)
    return [
      name,
      { session, holder, store: holder === undefined ? whole : whole.withHolder(holder), pending: new Map() },
    ]
  })
  return { store, manifest, views: Object.fromEntries(views) as Record<ViewName, View> }
}
