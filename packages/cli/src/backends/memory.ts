import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'
import { load } from './load.ts'

export async function openStore(): Promise<AttachmentStore> {
  const { InMemoryAttachmentStore } = await backend()
  return new InMemoryAttachmentStore()
}

export async function openManifest(): Promise<AttachmentManifest> {
  const { InMemoryAttachmentManifest } = await backend()
  return new InMemoryAttachmentManifest()
}

function backend(): Promise<typeof import('@lash/attachments-memory')> {
  return load('@lash/attachments-memory', 'memory:')
}
