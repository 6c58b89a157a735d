import { LmdbAttachmentManifest } from '@lash/attachments-lmdb'

/** In a child process, opens the manifest of the lmdb harness. */
export function open({ path }: { path: string }): LmdbAttachmentManifest {
  return new LmdbAttachmentManifest(path)
}
