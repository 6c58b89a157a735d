import type { AttachmentStore } from '@lash/attachments-core'
import type { OpenOptions } from './backend-module.ts'
import { load } from './load.ts'
import { localPath } from './local-path.ts'

type Backend = typeof import('@lash/attachments-fs')

export async function openStore(url: string, options: OpenOptions): Promise<AttachmentStore> {
  const { FileAttachmentStore } = await load<Backend>('@lash/attachments-fs', 'file:')
  return new FileAttachmentStore(localPath(url, options))
}
