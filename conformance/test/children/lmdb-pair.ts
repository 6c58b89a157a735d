import { LmdbAttachmentManifest, LmdbAttachmentStore } from '@lash/attachments-lmdb'

/** In a child process, opens the store and the manifest of one LMDB environment. */
export function open({ path }: { path: string }) {
  return { store: new LmdbAttachmentStore(path), manifest: new LmdbAttachmentManifest(path) }
}
