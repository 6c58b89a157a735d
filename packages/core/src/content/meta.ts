import { AttachmentInvalidArgumentError } from '../errors.ts'
import type { AttachmentId } from './id.ts'

/** What the one who puts bytes says of them. */
export interface AttachmentCreateMeta {
  /** `type/subtype` with optional parameters (RFC 9110, 8.3.1); at most 255 characters. */
  mediaType: string
  /** In pixels, 0 to 2^31-1. */
  width?: number
  /** In pixels, 0 to 2^31-1. */
  height?: number
  /** A name to show, such as a file name; at most 1,024 bytes of UTF-8, without NUL. Never used as a path. */
  label?: string
}

/** What a store knows of the bytes that it holds. */
export interface AttachmentMeta extends AttachmentCreateMeta {
  id: AttachmentId
  byteLength: number
}

/**
 * What a host keeps in its own state: plain JSON.
 * `generation` is present only when it is not 0; a ref without it means generation 0 exactly.
 */
export interface AttachmentRef extends AttachmentMeta {
  generation?: number
}

/** Longest media type, in characters. RFC 6838 allows 127 for each of type and subtype. */
export const maxMediaTypeLength = 255
/** Longest label, in bytes of UTF-8: what still fits an S3 object's 2 KB of metadata once encoded. */
export const maxLabelBytes = 1024
/** Largest width or height. */
export const maxDimension: number = 2 ** 31 - 1

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const mediaTypePattern = new RegExp(
  `^${token}/${token}(?:[ \\t]*;[ \\t]*${token}=(?:${token}|"(?:[\\t !#-\\[\\]-~]|\\\\[\\t -~])*"))*$`,
)

/**
 * Returns the metadata with nothing but its known fields.
 * @throws AttachmentInvalidArgumentError when a field is missing or out of its range.
 */
export function checkMeta(meta: AttachmentCreateMeta): AttachmentCreateMeta {
  const { mediaType, width, height, label } = meta ?? {}
  if (!isMediaType(mediaType)) {
    throw new AttachmentInvalidArgumentError(
      `the metadata needs a mediaType, type/subtype in at most ${maxMediaTypeLength} characters`,
    )
  }
  const checked: AttachmentCreateMeta = { mediaType }
  if (width !== undefined) checked.width = checkWhole('width', width, maxDimension)
  if (height !== undefined) checked.height = checkWhole('height', height, maxDimension)
  if (label !== undefined) checked.label = checkLabel(label)
  return checked
}

function isMediaType(value: unknown): boolean {
  return typeof value === 'string' && value.length <= maxMediaTypeLength && mediaTypePattern.test(value)
}

function checkLabel(label: unknown): string {
  if (isPortableText(label) && Buffer.byteLength(label) <= maxLabelBytes) return label
  throw new AttachmentInvalidArgumentError(
    `label must be well-formed Unicode without NUL, at most ${maxLabelBytes} bytes of UTF-8`,
  )
}

/** Whether every backend gives the text back as it is: a lone surrogate has no UTF-8 form, and NUL none in several databases. */
export function isPortableText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}

/** Metadata of stored bytes out of checked parts; absent fields stay absent, so that it compares and serializes cleanly. */
export function storedMeta(id: AttachmentId, byteLength: number, meta: AttachmentCreateMeta): AttachmentMeta {
  return { id, byteLength, ...meta }
}

/** The ref that a host keeps for bytes at a generation. */
export function refTo(meta: AttachmentMeta, generation: number): AttachmentRef {
  return generation === 0 ? { ...meta } : { ...meta, generation }
}

/** Largest generation. A manifest takes content no further than half of it at the word of others, so there is always a next one. */
export const maxGeneration: number = 2 ** 52

/**
 * Checks a generation given by a caller.
 * @throws AttachmentInvalidArgumentError when it is not a whole number from 0 to 2^52.
 */
export function checkGeneration(generation: unknown): number {
  return checkWhole('generation', generation, maxGeneration)
}

/** @throws AttachmentInvalidArgumentError when the value is not a whole number from 0 to the limit. */
export function checkWhole(name: string, value: unknown, limit: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= limit) return value as number
  throw new AttachmentInvalidArgumentError(`${name} must be a whole number from 0 to ${limit}`)
}
