import type { AttachmentManifest, AttachmentStorePersistence } from '@lash/attachments-core'
import { load } from './load.ts'
import { parsed, takeParameters } from './parameters.ts'

type Backend = typeof import('@lash/attachments-redis')

export async function openManifest(given: string): Promise<AttachmentManifest> {
  const { RedisAttachmentManifest } = await load<Backend>('@lash/attachments-redis', 'redis:')
  const url = parsed(given)
  const { prefix, persistence } = takeParameters(url, ['prefix', 'persistence'])
  // The manifest refuses what is no persistence.
  return new RedisAttachmentManifest(url.href, { prefix, persistence: persistence as AttachmentStorePersistence })
}
