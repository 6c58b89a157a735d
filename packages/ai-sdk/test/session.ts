import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'

export function openSession(): SessionScopedAttachmentStore {
  return new SessionScopedAttachmentStore(new InMemoryAttachmentStore(), new InMemoryAttachmentManifest(), 'chat-1')
}
