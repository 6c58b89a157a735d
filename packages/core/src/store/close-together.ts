import type { AttachmentManifest } from '../manifest/manifest.ts'
import type { AttachmentStore } from './store.ts'

/** A store and a manifest that were opened together, and are closed together. */
export interface OpenedTogether<Store extends AttachmentStore, Manifest extends AttachmentManifest>
  extends AsyncDisposable {
  readonly store: Store
  readonly manifest: Manifest
  /** Closes both. Idempotent. */
  close(): Promise<void>
}

/** `close` works without its object, so that it can be destructured together with the halves. */
export function closeTogether<Store extends AttachmentStore, Manifest extends AttachmentManifest>(
  store: Store,
  manifest: Manifest,
): OpenedTogether<Store, Manifest> {
  const close = async () => {
    await Promise.all([store.close(), manifest.close()])
  }
  return { store, manifest, close, [Symbol.asyncDispose]: close }
}
