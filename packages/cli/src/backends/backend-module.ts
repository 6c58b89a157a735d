import type { AttachmentManifest, AttachmentStore } from '@lash/attachments-core'

export interface OpenOptions {
  /**
   * Whether the command may make what is not there yet. When false, open nothing new: a mistyped path is an error and
   * not an empty store.
   */
  create: boolean
}

/**
 * What a package exports whose stores and manifests the command line opens by URL: both, or one of them. Name the
 * package with `--use`; it then has every scheme that the command line does not know itself.
 *
 * A message of an error is shown as it is, so no password of the URL may be in it.
 */
export interface BackendModule {
  /** @param url as it was given, with its scheme. */
  openStore?(url: string, options: OpenOptions): AttachmentStore | Promise<AttachmentStore>
  /** @param url as it was given, with its scheme. */
  openManifest?(url: string, options: OpenOptions): AttachmentManifest | Promise<AttachmentManifest>
}
