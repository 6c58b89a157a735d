import type { AttachmentStorePersistence } from '@lash/attachments-core'

/** Adapters whose puts resolve when a file is written, and before anybody has asked for a sync. */
const unsynced: ReadonlySet<string> = new Set(['fs', 'ftp', 'sftp', 'webdav'])

/** What puts of an adapter of files-sdk survive, as its service or its source says. */
export function usualPersistence(adapterName: string): AttachmentStorePersistence {
  if (adapterName === 'memory') return 'ephemeral'
  return unsynced.has(adapterName) ? 'crash-safe' : 'durable'
}
