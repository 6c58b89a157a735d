import { type AttachmentManifest, type AttachmentStore, SessionScopedAttachmentStore } from '@lash/attachments-core'

/*
 * Who holds something, as journals and promises call it: `session 1` for the holder `''`, else `session 1/message:2`.
 */

export function holdName(sessionId: string, holder: string): string {
  return holder === '' ? sessionId : `${sessionId}/${holder}`
}

export function holdParts(name: string): { sessionId: string; holder: string } {
  const [sessionId = '', holder = ''] = name.split('/')
  return { sessionId, holder }
}

/** The fork of a session. What it holds was put by that session. */
export function forkOf(sessionId: string): string {
  return `${sessionId} fork`
}

/** The session that has put what the session, which may be its fork, holds. */
export function originOf(name: string): string {
  return holdParts(name).sessionId.replace(/ fork$/, '')
}

export function viewOf(
  { store, manifest }: { store: AttachmentStore; manifest: AttachmentManifest },
  name: string,
): SessionScopedAttachmentStore {
  const { sessionId, holder } = holdParts(name)
  return new SessionScopedAttachmentStore(store, manifest, sessionId, { holder })
}
