import { AttachmentStoreError, SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { Attachments } from './attachments.ts'
import type { FilePut, OtherSessionRead } from './report.ts'

/** Another session tries to read what it does not hold; knowing the id is not enough. */
export async function readFromOtherSession(attachments: Attachments, put: FilePut): Promise<OtherSessionRead> {
  const sessionId = 'another-conversation'
  const other = new SessionScopedAttachmentStore(attachments.store, attachments.manifest, sessionId)
  const { name } = put
  const { id } = put.ref
  try {
    await other.get(id)
    return { sessionId, name, id, outcome: 'could be read' }
  } catch (error) {
    if (!AttachmentStoreError.isInstance(error)) throw error
    return { sessionId, name, id, outcome: error.code }
  } finally {
    await other.close()
  }
}
