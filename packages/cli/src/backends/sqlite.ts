import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'
import type { OpenOptions } from './backend-module.ts'
import { load } from './load.ts'
import { localPath } from './local-path.ts'

export async function openStore(url: string, options: OpenOptions): Promise<AttachmentStore> {
  const { SqliteAttachmentStore } = await backend()
  return new SqliteAttachmentStore(localPath(url, options))
}

export async function openManifest(url: string, options: OpenOptions): Promise<AttachmentManifest> {
  const { SqliteAttachmentManifest } = await backend()
  return new SqliteAttachmentManifest(localPath(url, options))
}

function backend(): Promise<typeof import('@lash/attachments-sqlite')> {
  return load('@lash/attachments-sqlite', 'sqlite:')
}
