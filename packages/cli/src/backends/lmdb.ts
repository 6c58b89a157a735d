import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'
import type { OpenOptions } from './backend-module.ts'
import { load } from './load.ts'
import { localPath } from './local-path.ts'

export async function openStore(url: string, options: OpenOptions): Promise<AttachmentStore> {
  const { LmdbAttachmentStore } = await backend()
  return new LmdbAttachmentStore(localPath(url, options))
}

export async function openManifest(url: string, options: OpenOptions): Promise<AttachmentManifest> {
  const { LmdbAttachmentManifest } = await backend()
  return new LmdbAttachmentManifest(localPath(url, options))
}

function backend(): Promise<typeof import('@lash/attachments-lmdb')> {
  return load('@lash/attachments-lmdb', 'lmdb:')
}
