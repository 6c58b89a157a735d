import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'
import { load } from './load.ts'
import { parsed, takeParameters } from './parameters.ts'

export async function openStore(url: string): Promise<AttachmentStore> {
  const { PostgresAttachmentStore } = await backend()
  return new PostgresAttachmentStore(optionsOf(url))
}

export async function openManifest(url: string): Promise<AttachmentManifest> {
  const { PostgresAttachmentManifest } = await backend()
  return new PostgresAttachmentManifest(optionsOf(url))
}

/** What a URL says of a database. */
export function optionsOf(given: string): { connectionString: string; schema?: string } {
  const url = parsed(given)
  const options = takeParameters(url, ['schema'])
  return { connectionString: url.href, ...options }
}

function backend(): Promise<typeof import('@lash/attachments-postgres')> {
  return load('@lash/attachments-postgres', 'postgres:')
}
