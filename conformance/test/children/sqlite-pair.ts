import { openSqliteAttachments, type SqliteAttachments } from '@lash/attachments-sqlite'

/** In a child process, opens the store and the manifest that share one sqlite file. */
export function open({ path }: { path: string }): SqliteAttachments {
  return openSqliteAttachments(path)
}
