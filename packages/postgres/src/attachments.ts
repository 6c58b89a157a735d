import { placed } from '@lash/attachments-core/backend'
import { ownPool } from './database/pool.ts'
import { PostgresAttachmentManifest, type PostgresAttachmentManifestOptions } from './manifest/manifest.ts'
import { PostgresAttachmentStore, type PostgresAttachmentStoreOptions } from './store/store.ts'

export interface PostgresAttachmentsOptions extends PostgresAttachmentStoreOptions, PostgresAttachmentManifestOptions {}

/** A store and a manifest in one schema. */
export interface PostgresAttachments extends AsyncDisposable {
  readonly store: PostgresAttachmentStore
  readonly manifest: PostgresAttachmentManifest
  /** Closes both, and ends their pool when it is their own. Idempotent. */
  close(): Promise<void>
}

/**
 * A store and a manifest on one pool, their own or the host's. A small put of a session is then one statement, which
 * writes its intent and its bytes.
 * @param target the options, or `connectionString` for short.
 * @throws AttachmentInvalidArgumentError
 */
export function openPostgresAttachments(
  target: string | PostgresAttachmentsOptions,
  options?: PostgresAttachmentsOptions,
): PostgresAttachments {
  const given = placed('connectionString', target, options)
  const shared = { ...given, pool: given.pool ?? ownPool(given) }
  const store = new PostgresAttachmentStore(shared)
  const manifest = new PostgresAttachmentManifest(shared)
  // Works without its object, so that it can be destructured together with the halves.
  const close = async () => {
    await Promise.all([store.close(), manifest.close()])
  }
  return { store, manifest, close, [Symbol.asyncDispose]: close }
}
