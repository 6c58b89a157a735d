import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

/** Opens the manifest of another process's fixture. */
export function open(options: { path: string }): SqliteAttachmentManifest {
  return new SqliteAttachmentManifest(options)
}
