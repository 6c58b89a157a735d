/**
 * What authors of stores and manifests need beside the main entry: checks of arguments, names, and what every backend
 * would otherwise write again.
 */
export { abortable } from './calls/abort.ts'
export { concurrently } from './calls/concurrently.ts'
export { Lifetime } from './calls/lifetime.ts'
export { LoopYield } from './calls/loop-yield.ts'
export { Semaphore } from './calls/semaphore.ts'
export { withoutUrlCredentials } from './calls/url-credentials.ts'
export { joined, owned, slices, streamOf } from './content/byte-stream.ts'
export { isPreparedContent } from './content/content.ts'
export { blocksOf, ContentReader, readInto } from './content/content-reader.ts'
export { canonicalUri, isAttachmentIdPrefix } from './content/id.ts'
export {
  checkGeneration,
  checkMeta,
  maxDimension,
  maxGeneration,
  maxLabelBytes,
  maxMediaTypeLength,
  refTo,
  storedMeta,
} from './content/meta.ts'
export { makeFolder, syncFolder } from './disk/folder.ts'
export * from './manifest/checks.ts'
export * from './manifest/columns.ts'
export { recordsOf } from './manifest/exports.ts'
export {
  type ImportBatch,
  ImportBatches,
  type ImportedTombstone,
  repeatedRecordError,
  usedManifestError,
} from './manifest/imports.ts'
export * from './manifest/manifest-base.ts'
export * from './manifest/ref-state.ts'
export { placed } from './options.ts'
export type * from './portable-manifest/driver.ts'
export { PortableAttachmentManifest } from './portable-manifest/portable-manifest.ts'
export { type FileRead, fileStream } from './reading/file-stream.ts'
export { arrayFor, wrongLength } from './reading/integrity.ts'
export { closeTogether, type OpenedTogether } from './store/close-together.ts'
export { parsePhysicalName, physicalName } from './store/driver.ts'
export { driverOf, setDriver } from './store/driver-of.ts'
export { decodeStoredMeta, encodeStoredMeta } from './store/stored-meta.ts'
