export { reclaimUnreferencedAttachments } from './audit.ts'
export type { AttachmentBody, AttachmentContent } from './content.ts'
export { contentId } from './digest.ts'
export type {
  AttachmentDriver,
  AttachmentDriverOptions,
  AttachmentDriverRead,
  AttachmentDriverReadOptions,
  AttachmentKey,
  AttachmentSpoolOptions,
} from './driver.ts'
export * from './errors.ts'
export { type AttachmentId, isAttachmentId } from './id.ts'
export * from './llm.ts'
export * from './manifest.ts'
export type {
  AttachmentCreateMeta,
  AttachmentMeta,
  AttachmentRef,
} from './meta.ts'
export { type AttachmentPersistence, PersistenceManifestAdapter } from './persistence.ts'
export { PortableAttachmentStore, type PortableStoreOptions } from './portable.ts'
export { type AttachmentReclaimOptions, reclaimOrphanedAttachments } from './reclaim.ts'
export { SessionScopedAttachmentStore, type SessionScopedStoreOptions } from './session.ts'
export * from './store.ts'
export type {
  AttachmentReclamationFailure,
  AttachmentReclamationReport,
  AttachmentSweepOptions,
} from './sweep.ts'
