export type { AttachmentBody, AttachmentContent } from './content/content.ts'
export { contentId } from './content/digest.ts'
export { type AttachmentId, isAttachmentId } from './content/id.ts'
export type {
  AttachmentCreateMeta,
  AttachmentMeta,
  AttachmentRef,
} from './content/meta.ts'
export type { AttachmentSpoolOptions } from './content/spool-file.ts'
export * from './errors.ts'
export type * from './events.ts'
export * from './llm.ts'
export * from './manifest/manifest.ts'
export { type AttachmentPersistence, PersistenceManifestAdapter } from './manifest/persistence.ts'
export {
  type AttachmentUsage,
  type SessionCommitOptions,
  SessionScopedAttachmentStore,
  type SessionScopedAttachmentStoreOptions,
} from './session/session.ts'
export type {
  AttachmentDriver,
  AttachmentDriverOptions,
  AttachmentDriverRead,
  AttachmentDriverReadOptions,
  AttachmentKey,
} from './store/driver.ts'
export { PortableAttachmentStore, type PortableAttachmentStoreOptions } from './store/portable.ts'
export * from './store/store.ts'
export { type AttachmentAuditOptions, reclaimUnreferencedAttachments } from './sweep/audit.ts'
export { type AttachmentReclaimOptions, reclaimOrphanedAttachments } from './sweep/reclaim.ts'
export type {
  AttachmentAuditReport,
  AttachmentReclamationFailure,
  AttachmentReclamationReport,
  AttachmentSweepOptions,
} from './sweep/sweep.ts'
