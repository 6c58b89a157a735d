import { openSqliteAttachments, type SqliteAttachments } from '@lash/attachments-sqlite'

/** Opens the store and the manifest of another process's fixture. */
export function open({ path }: { path: string }): SqliteAttachments {
  return openSqliteAttachments(path)
}
