import { closeTogether, type OpenedTogether, placed } from '@lash/attachments-core/backend'
import { ownPool } from './database/pool.ts'
import { PostgresAttachmentManifest, type PostgresAttachmentManifestOptions } from './manifest/manifest.ts'
import { PostgresAttachmentStore, type PostgresAttachmentStoreOptions } from './store/store.ts'

export interface PostgresAttachmentsOptions extends PostgresAttachmentStoreOptions, PostgresAttachmentManifestOptions {}

/** A store and a manifest in one schema. To close them ends their pool when it is their own. */
export type PostgresAttachments = OpenedTogether<PostgresAttachmentStore, PostgresAttachmentManifest>

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
  return closeTogether(new PostgresAttachmentStore(shared), new PostgresAttachmentManifest(shared))
}
