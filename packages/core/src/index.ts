export { abortable } from './abort.ts'
export { reclaimUnreferencedAttachments } from './audit.ts'
export { type AttachmentBody, type AttachmentContent, streamOf } from './content.ts'
export { contentId } from './digest.ts'
export {
  type AttachmentDriver,
  type AttachmentDriverOptions,
  type AttachmentDriverRead,
  type AttachmentDriverReadOptions,
  type AttachmentKey,
  type AttachmentSpoolOptions,
  parsePhysicalName,
  physicalName,
} from './driver.ts'
export * from './errors.ts'
export { fileStream } from './file-stream.ts'
export { type AttachmentId, canonicalUri, isAttachmentId, isAttachmentIdPrefix } from './id.ts'
export { Lifetime } from './lifetime.ts'
export * from './llm.ts'
export * from './manifest.ts'
export * from './manifest-input.ts'
export {
  type AttachmentCreateMeta,
  type AttachmentMeta,
  type AttachmentRef,
  checkGeneration,
  checkMeta,
  maxDimension,
  maxLabelBytes,
  maxMediaTypeLength,
  refTo,
  storedMeta,
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
