import { AttachmentInvalidArgumentError } from '../errors.ts'
import { checkWhole } from '../numbers.ts'
import type { AttachmentId } from './id.ts'

/** What the caller of a put says about the bytes. */
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

/** What a store knows about bytes that it holds. */
export interface AttachmentMeta extends AttachmentCreateMeta {
  id: AttachmentId
  byteLength: number
}

/**
 * What a host keeps in its own state, as plain JSON.
 * `generation` is present only when it is not 0. A ref without it means generation 0 and no other.
 */
export interface AttachmentRef extends AttachmentMeta {
  generation?: number
}

/** Longest media type, in characters. RFC 6838 allows 127 each for type and subtype. */
export const maxMediaTypeLength = 255
/** Longest label, in bytes of UTF-8. Encoded, it still fits the 2 KB of metadata of an S3 object. */
export const maxLabelBytes = 1024
/** Largest width or height. */
export const maxDimension: number = 2 ** 31 - 1

const token = "[!#$%&'*+.^`|~\\w-]+"
const mediaTypePattern = new RegExp(
  `^${token}/${token}(?:[ \\t]*;[ \\t]*${token}=(?:${token}|"(?:[\\t !#-\\[\\]-~]|\\\\[\\t -~])*"))*$`,
)

/**
 * Checks metadata that a caller gives, and returns a copy with only the known fields.
 * @throws AttachmentInvalidArgumentError when a field is missing or out of its range.
 */
export function checkMeta(meta: AttachmentCreateMeta): AttachmentCreateMeta {
  const { mediaType, width, height, label } = meta ?? {}
  if (!isMediaType(mediaType)) {
    throw new AttachmentInvalidArgumentError(`mediaType must be type/subtype, at most ${maxMediaTypeLength} characters`)
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
    `label must be at most ${maxLabelBytes} bytes of well-formed Unicode without NUL`,
  )
}

/**
 * Whether every backend returns the text unchanged. UTF-8 has no lone surrogates, and several databases have no NUL.
 */
export function isPortableText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}

/**
 * What a store knows about bytes, from parts that have been checked. Absent fields stay absent, so that the result
 * compares and serializes cleanly.
 */
export function storedMeta(id: AttachmentId, byteLength: number, meta: AttachmentCreateMeta): AttachmentMeta {
  return { id, byteLength, ...meta }
}

/** The ref to bytes at a generation. */
export function refTo(meta: AttachmentMeta, generation: number): AttachmentRef {
  return generation === 0 ? { ...meta } : { ...meta, generation }
}

/** Largest generation. No listing of a store can take content beyond half of it, so there is always a next one. */
export const maxGeneration: number = 2 ** 52

/**
 * Checks a generation given by a caller.
 * @throws AttachmentInvalidArgumentError when it is not a whole number from 0 to 2^52.
 */
export function checkGeneration(generation: unknown): number {
  return checkWhole('generation', generation, maxGeneration)
}
