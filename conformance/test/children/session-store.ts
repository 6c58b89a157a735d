import type { ChildModule } from '@lash/attachments-conformance'
import { type AttachmentStore, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

interface SessionStoreOptions {
  inner: ChildModule
  path: string
  sessionId: string
}

/** In a child process, opens the store of a session. */
export async function open({ inner, path, sessionId }: SessionStoreOptions): Promise<AttachmentStore> {
  const module = (await import(inner.module)) as { open(options: unknown): AttachmentStore | Promise<AttachmentStore> }
  return new SessionScopedAttachmentStore(
    await module.open(inner.options),
    new SqliteAttachmentManifest({ path }),
    sessionId,
  )
}
