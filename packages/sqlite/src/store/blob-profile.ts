import { AttachmentInvalidArgumentError } from '@lash/attachments-core'

/**
 * How hard to compress. `low-latency`: never. `balanced`: compressible media types from 4 KiB on, quickly. `compact`:
 * from 1 KiB on, as well as zlib can. Compressed bytes are kept only where they are fewer.
 */
export type BlobProfile = 'low-latency' | 'balanced' | 'compact'

export interface CompressionRule {
  /** The smallest content that is compressed, in bytes. */
  minimumBytes: number
  /** The level of zlib, 1 to 9. */
  level: number
}

const rules: Readonly<Record<BlobProfile, CompressionRule>> = {
  'low-latency': { minimumBytes: Number.POSITIVE_INFINITY, level: 1 },
  balanced: { minimumBytes: 4 * 1024, level: 3 },
  compact: { minimumBytes: 1024, level: 9 },
}

export function compressionRule(profile: BlobProfile): CompressionRule {
  const rule = Object.hasOwn(rules, profile) ? rules[profile] : undefined
  if (rule === undefined) {
    throw new AttachmentInvalidArgumentError(`blobProfile must be one of ${Object.keys(rules).join(', ')}`)
  }
  return rule
}

const compressibleTypes: ReadonlySet<string> = new Set([
  'application/ecmascript',
  'application/graphql',
  'application/javascript',
  'application/json',
  'application/manifest+json',
  'application/ndjson',
  'application/rtf',
  'application/sql',
  'application/toml',
  'application/typescript',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/x-httpd-php',
  'application/x-javascript',
  'application/x-ndjson',
  'application/x-sh',
  'application/x-sql',
  'application/x-tar',
  'application/x-yaml',
  'application/xml',
  'application/yaml',
  'audio/wav',
  'audio/x-wav',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/x-icon',
  'image/x-ms-bmp',
  'model/gltf+json',
])

/** Whether content of the media type usually gets smaller: text in its many forms, and what is not compressed yet. */
export function isCompressible(mediaType: string): boolean {
  const essence = (mediaType.split(';', 1)[0] as string).trim().toLowerCase()
  return (
    essence.startsWith('text/') ||
    essence.endsWith('+json') ||
    essence.endsWith('+xml') ||
    essence.endsWith('+yaml') ||
    compressibleTypes.has(essence)
  )
}
