import {
  type AttachmentId,
  AttachmentInvalidArgumentError,
  type AttachmentRef,
  isAttachmentId,
} from '@lash/attachments-core'
import type { Place } from '../places/place.ts'

/** How bytes stood in the output of a tool, to be given back so. */
export type AttachmentForm = 'data-url' | 'base64' | 'uint8array' | 'arraybuffer'

const forms: readonly string[] = ['data-url', 'base64', 'uint8array', 'arraybuffer'] satisfies AttachmentForm[]

/** How bytes stood where the URL stands now. Empty for a URL that always was one. */
export interface Mark {
  /** In the output of a tool: what stood there before `externalize`. */
  form?: AttachmentForm | undefined
  /** The media type of the `data:` URL that stood there. */
  mediaType?: string | undefined
}

/** What an `attachment:` URL says. */
export interface AttachmentUrlParts extends Mark {
  id: AttachmentId
  /** Undefined when the URL does not say it. */
  byteLength: number | undefined
  /** Default 0. */
  generation: number
}

/**
 * The URL of an attachment in a message: `attachment:<id>?bytes=<byteLength>`, with `&generation=<n>` when that is not
 * 0. It goes into parts and into what tools return.
 */
export function attachmentUrl(ref: AttachmentRef): string {
  return markedUrl(ref)
}

export function markedUrl({ id, byteLength, generation = 0 }: AttachmentRef, mark: Mark = {}): string {
  const query = [`bytes=${byteLength}`, generation === 0 ? '' : `generation=${generation}`, markOf(mark)]
  return `attachment:${id}?${query.filter(Boolean).join('&')}`
}

/** What says how the bytes stood. Empty for a URL that always was one. */
export function markOf({ form, mediaType }: Mark): string {
  if (form === undefined) return ''
  return mediaType === undefined ? `as=${form}` : `as=${form}&type=${encodeURIComponent(mediaType)}`
}

/** What the mark says. Undefined for a text that is no mark. */
export function readMark(mark: string): Mark | undefined {
  const query = new URLSearchParams(mark)
  const form = query.get('as')
  if (form === null || !forms.includes(form)) return undefined
  return { form: form as AttachmentForm, mediaType: query.get('type') ?? undefined }
}

/**
 * Reads an `attachment:` URL, also one that has nothing but its id.
 * @returns undefined for anything else.
 * @throws AttachmentInvalidArgumentError when the scheme is `attachment:` and what follows is malformed.
 */
export function parseAttachmentUrl(url: string | URL): AttachmentUrlParts | undefined {
  return parsed(String(url), '')
}

/**
 * The same of what stands at a place. In the output of a tool, which may be any text, a malformed URL is none.
 * @throws AttachmentInvalidArgumentError, with the name of the part.
 */
export function attachmentAt({ value, role, at }: Place): AttachmentUrlParts | undefined {
  const text = value instanceof URL ? value.href : value
  if (typeof text !== 'string' || !text.startsWith('attachment:')) return undefined
  return role === 'part' ? parsed(text, `${at}: `) : read(text)
}

function parsed(text: string, where: string): AttachmentUrlParts | undefined {
  if (!text.startsWith('attachment:')) return undefined
  const parts = read(text)
  if (parts !== undefined) return parts
  throw new AttachmentInvalidArgumentError(`${where}an attachment: URL must be attachment:<id>?bytes=<length>`)
}

const pattern = /^attachment:([^?#]*)(?:\?([^#]*))?$/

function read(text: string): AttachmentUrlParts | undefined {
  const [, id, query = ''] = pattern.exec(text) ?? []
  if (!isAttachmentId(id)) return undefined
  const parameters = new URLSearchParams(query)
  const byteLength = whole(parameters.get('bytes'))
  const generation = whole(parameters.get('generation'))
  if (byteLength === null || generation === null) return undefined
  return { id, byteLength, generation: generation ?? 0, ...readMark(query) }
}

/** Undefined when it is not given, and null when it is no whole number. */
function whole(text: string | null): number | undefined | null {
  if (text === null) return undefined
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null
}
