/**
 * What authors of stores and manifests need beside the main entry: checks of what callers give, names, and pieces that
 * every backend would otherwise write again.
 */
export { abortable } from './abort.ts'
export { isPreparedContent, streamOf } from './content.ts'
export { parsePhysicalName, physicalName } from './driver.ts'
export { fileStream } from './file-stream.ts'
export { canonicalUri, isAttachmentIdPrefix } from './id.ts'
export { arrayFor, wrongLength } from './integrity.ts'
export { Lifetime } from './lifetime.ts'
export * from './manifest-input.ts'
export {
  checkGeneration,
  checkMeta,
  maxDimension,
  maxGeneration,
  maxLabelBytes,
  maxMediaTypeLength,
  refTo,
  storedMeta,
} from './meta.ts'
export { owned } from './owned.ts'
export { Pace } from './pace.ts'
