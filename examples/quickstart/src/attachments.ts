import { join } from 'node:path'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

/** Everything that a host opens once: where bytes live, and who refers to them. */
export interface Attachments extends AsyncDisposable {
  store: FileAttachmentStore
  manifest: SqliteAttachmentManifest
}

/** Opens them in a folder. Several processes may do so at the same time. */
export function openAttachments(folder: string): Attachments {
  const manifest = new SqliteAttachmentManifest({ path: join(folder, 'manifest.db') })
  const store = new FileAttachmentStore(join(folder, 'attachments'))
  return {
    store,
    manifest,
    async [Symbol.asyncDispose]() {
      await Promise.all([store.close(), manifest.close()])
    },
  }
}
