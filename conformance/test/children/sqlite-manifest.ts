import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

/** In a child process, opens the manifest of the sqlite harness. */
export function open(options: { path: string }): SqliteAttachmentManifest {
  return new SqliteAttachmentManifest(options)
}
