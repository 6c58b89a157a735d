import {
  type AttachmentCreateMeta,
  type AttachmentId,
  type AttachmentMeta,
  AttachmentMetadataDecodeError,
  AttachmentMissingMetaError,
} from '@lash/attachments-core'
import { checkMeta, storedMeta } from '@lash/attachments-core/backend'

/*
 * The metadata of a blob is the user metadata of its object (`x-amz-meta-*`), so that one request writes bytes and
 * metadata, or neither. User metadata is ASCII, at most 2 KB, and on some servers at most 256 bytes a value. So a text
 * is percent-encoded or, where that is shorter, `=` and base64url. A text that is too long for one value continues in
 * the next: `lash-label`, `lash-label-2`, ...
 */

const maxValueBytes = 256

/** The user metadata of an object, by names without `x-amz-meta-`. */
export function encodeMetadata(meta: AttachmentMeta): Record<string, string> {
  const fields: Record<string, string> = { 'lash-size': String(meta.byteLength) }
  addText(fields, 'lash-type', meta.mediaType)
  if (meta.width !== undefined) fields['lash-width'] = String(meta.width)
  if (meta.height !== undefined) fields['lash-height'] = String(meta.height)
  if (meta.label !== undefined) addText(fields, 'lash-label', meta.label)
  return fields
}

/**
 * Reads what {@link encodeMetadata} wrote. `byteLength` is the length that was put; a damaged object may have another
 * one.
 * @throws AttachmentMissingMetaError when the object has no metadata of ours; AttachmentMetadataDecodeError when they
 * are damaged.
 */
export function decodeMetadata(id: AttachmentId, fields: Record<string, string> | undefined): AttachmentMeta {
  if (fields === undefined || !Object.keys(fields).some(name => name.startsWith('lash-'))) {
    throw new AttachmentMissingMetaError(
      id,
      `the object of ${id} has no lash-* metadata: it was copied without, or not put by this store; ` +
        'put the bytes again',
    )
  }
  try {
    const byteLength = wholeNumber(fields['lash-size'])
    if (byteLength === undefined) throw new Error('lash-size is missing')
    return storedMeta(id, byteLength, checkMeta(describedBy(fields)))
  } catch (cause) {
    throw new AttachmentMetadataDecodeError(
      id,
      `the metadata of the object of ${id} is damaged (${(cause as Error).message}); put the bytes again`,
      { cause },
    )
  }
}

function describedBy(fields: Record<string, string>): AttachmentCreateMeta {
  const meta: AttachmentCreateMeta = { mediaType: textOf(fields, 'lash-type') ?? '' }
  const width = wholeNumber(fields['lash-width'])
  const height = wholeNumber(fields['lash-height'])
  const label = textOf(fields, 'lash-label')
  if (width !== undefined) meta.width = width
  if (height !== undefined) meta.height = height
  if (label !== undefined) meta.label = label
  return meta
}

function addText(fields: Record<string, string>, name: string, text: string): void {
  const encoded = encodeText(text)
  fields[name] = encoded.slice(0, maxValueBytes)
  for (let piece = 2, at = maxValueBytes; at < encoded.length; piece++, at += maxValueBytes) {
    fields[`${name}-${piece}`] = encoded.slice(at, at + maxValueBytes)
  }
}

function textOf(fields: Record<string, string>, name: string): string | undefined {
  let encoded = fields[name]
  if (encoded === undefined) return undefined
  for (let piece = 2; ; piece++) {
    const more = fields[`${name}-${piece}`]
    if (more === undefined) return decodeText(encoded)
    encoded += more
  }
}

/** Never empty: servers drop headers without a value. */
function encodeText(text: string): string {
  const percent = encodeURIComponent(text)
  const base64 = `=${Buffer.from(text).toString('base64url')}`
  return percent.length === 0 || base64.length < percent.length ? base64 : percent
}

function decodeText(encoded: string): string {
  if (!encoded.startsWith('=')) return decodeURIComponent(encoded)
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded.slice(1), 'base64url'))
}

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw new Error('not a whole number')
  return value
}
