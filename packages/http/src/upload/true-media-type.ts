import { checkMeta } from '@lash/attachments-core/backend'
import { fileTypeFromBuffer, supportedMimeTypes } from 'file-type'
import { essenceOf } from '../media-type.ts'
import { isKindOf } from './claims.ts'

/** How many of the first bytes are looked at. Most signatures are in the first few. */
export const sniffedBytes = 4100

const unknown = 'application/octet-stream'
/** Formats that are text and that their beginning shows. All others have bytes that text does not have. */
const textFormats: ReadonlySet<string> = new Set([
  'application/eps',
  'application/pdf',
  'application/pgp-encrypted',
  'application/postscript',
  'application/rtf',
  'application/x-ms-regedit',
  'application/xml',
  'text/calendar',
  'text/vcard',
  'text/vtt',
])
/** Formats that have a signature, but not in each of their forms. */
const seldomSigned: ReadonlySet<string> = new Set(['application/xml', 'model/stl'])
const signed: ReadonlySet<string> = new Set(
  [...supportedMimeTypes].map(essenceOf).filter(mediaType => !seldomSigned.has(mediaType)),
)

/**
 * The media type of a file, by its first bytes and by what the client claims. What the bytes show counts, unless the
 * claim is another name for it or a kind of it. A claim that the bytes refute is dropped. A type that has no signature,
 * such as `text/csv` or `image/svg+xml`, is believed of text.
 */
export async function trueMediaType(claimed: string | undefined, head: Uint8Array): Promise<string> {
  const claim = validClaim(claimed)
  const isText = looksLikeText(head)
  const found = await foundIn(head, isText)
  if (found !== undefined) return claim !== undefined && isKindOf(essenceOf(claim), essenceOf(found)) ? claim : found
  if (!isText) return unknown
  return claim === undefined || signed.has(essenceOf(claim)) ? 'text/plain' : claim
}

/** Undefined for a claim that says nothing, or cannot be a media type. */
function validClaim(claimed: string | undefined): string | undefined {
  try {
    const { mediaType } = checkMeta({ mediaType: claimed?.trim() ?? '' })
    return essenceOf(mediaType) === unknown ? undefined : mediaType
  } catch {
    return undefined
  }
}

/** Some signatures are two letters: a table that begins with `BMI` is no bitmap. */
async function foundIn(head: Uint8Array, isText: boolean): Promise<string | undefined> {
  try {
    const mediaType = (await fileTypeFromBuffer(head, { mpegOffsetTolerance: 10 }))?.mime ?? tiffIn(head)
    return isText && mediaType !== undefined && !textFormats.has(mediaType) ? undefined : mediaType
  } catch {
    // Bytes that only begin like a file of some type.
    return undefined
  }
}

/** The library wants to see the directory of a TIFF file, which many programs write at its end. */
function tiffIn(head: Uint8Array): string | undefined {
  const isTiff = tiffSignatures.some(signature => signature.every((byte, index) => head[index] === byte))
  return isTiff ? 'image/tiff' : undefined
}

const tiffSignatures: readonly (readonly number[])[] = [
  [0x49, 0x49, 0x2a, 0],
  [0x4d, 0x4d, 0, 0x2a],
]

/** Without the bytes that text does not have (WHATWG MIME Sniffing, 3), or with a byte order mark of UTF-16. */
function looksLikeText(head: Uint8Array): boolean {
  const [first, second] = head
  if ((first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe)) return true
  return !head.some(byte => byte < 0x20 && !textControls.has(byte))
}

/** Tab, line feed, form feed, carriage return, escape. */
const textControls: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b])
