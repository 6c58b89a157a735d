import type { AttachmentForm } from './refs/attachment-url.ts'

/** What a `data:` URL says, as it stands there. */
export interface DataUrl {
  /** With its parameters. Empty when there is none. */
  mediaType: string
  isBase64: boolean
  /** Base64, or text with escapes. */
  body: string
}

const token = "[\\w!#$%&'*+.^`|~-]+"
const parameter = `[ \\t]*;[ \\t]*${token}=(?:${token}|"[^"\\\\]*")`
const fullType = new RegExp(`^${token}/(?!\\*(?:;|$))${token}(?:${parameter})*$`)
const wideType = new RegExp(`^${token}(?:/\\*)?$`)
const dataUrlHeader = new RegExp(`^data:((?:${token}/${token})?(?:${parameter})*?)(;[ \\t]*base64)?,`, 'i')
/** Longer headers are not looked for, so that a text of megabytes is not searched. */
const longestHeader = 512

/** Undefined when the text is not a `data:` URL with a well-formed head (RFC 2397). */
export function readDataUrl(text: string): DataUrl | undefined {
  const [head, mediaType = '', base64] = dataUrlHeader.exec(text.slice(0, longestHeader)) ?? []
  return head === undefined ? undefined : { mediaType, isBase64: base64 !== undefined, body: text.slice(head.length) }
}

/** Undefined when the body is malformed. */
export function bytesOfDataUrl({ isBase64, body }: DataUrl): Uint8Array | undefined {
  try {
    return isBase64 ? bytesOfBase64(body.includes('%') ? decodeURIComponent(body) : body) : bytesOfEscaped(body)
  } catch {
    return undefined
  }
}

/** Base64 of either alphabet, with or without padding and white space. Undefined when it is none. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  const length = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
  const bytes = Buffer.from(text, 'base64')
  // `Buffer` passes over what is no base64, and so gives less than that many letters are.
  if (length % 4 !== 1 && bytes.byteLength === Math.floor((length * 3) / 4)) return owned(bytes)
  return /\s/.test(text) ? bytesOfBase64(text.replace(/\s/g, '')) : undefined
}

/** Escapes are bytes, which need not be UTF-8 together. In one pass, since there may be millions. */
function bytesOfEscaped(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'utf8')
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] as number
    if (byte === percent) {
      byte = 16 * digit(bytes[at + 1]) + digit(bytes[at + 2])
      if (Number.isNaN(byte)) return undefined
      at += 2
    }
    bytes[length++] = byte
  }
  return owned(bytes.subarray(0, length))
}

const percent = 0x25

/** Of a hexadecimal digit in ASCII. NaN for anything else. */
function digit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN
}

/** As the class that the caller knows, and not a `Buffer`, which compares and serializes differently. */
function owned(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

/** Bytes as they stood before they were externalized. */
export function inForm(form: AttachmentForm, bytes: Uint8Array, mediaType = ''): unknown {
  if (form === 'uint8array') return bytes
  if (form === 'arraybuffer') return new Uint8Array(bytes).buffer
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return form === 'base64' ? base64 : `data:${mediaType};base64,${base64}`
}

/** `type/subtype`, with or without parameters, and not a pattern such as `image/*`. */
export function isFullMediaType(text: string): boolean {
  return text.length <= 255 && fullType.test(text)
}

/** As the SDK takes them when the subtype is not known: `image`, or a pattern such as `image/*`. */
export function isWideMediaType(text: string): boolean {
  return text.length <= 255 && wideType.test(text)
}
