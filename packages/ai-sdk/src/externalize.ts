import {
  type AttachmentCreateMeta,
  AttachmentInvalidArgumentError,
  type AttachmentRef,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { concurrently, maxLabelBytes } from '@lash/attachments-core/backend'
import { bytesOfBase64, bytesOfDataUrl, isFullMediaType, isWideMediaType, readDataUrl } from './data-content.ts'
import type { Place, Replacement, Visit } from './places/place.ts'
import { isBytes } from './places/tool-value.ts'
import { type AttachmentForm, markedUrl } from './refs/attachment-url.ts'

export interface ExternalizeOptions {
  signal: AbortSignal | undefined
  concurrency: number
}

/** Bytes at a place, before anything is decoded. */
interface Source {
  readonly value: string | Uint8Array | ArrayBuffer
  readonly form: AttachmentForm
  /** Of a `data:` URL. Empty when it has none. */
  readonly mediaType?: string
}

/**
 * Puts what `walk` finds: bytes, `data:` URLs and base64. Then walks again, with the URLs. Equal bytes are put once. Of
 * bytes that a caller changes meanwhile, what stood there first or what stands there then is put.
 */
export async function externalized<T>(
  walk: (visit: Visit) => T,
  session: SessionScopedAttachmentStore,
  { signal, concurrency }: ExternalizeOptions,
): Promise<T> {
  const found = new Map<Source['value'], { source: Source; place: Place }>()
  const unchanged = walk(place => {
    const source = sourceAt(place)
    if (source !== undefined && !found.has(source.value)) found.set(source.value, { source, place })
    return undefined
  })
  if (found.size === 0) return unchanged
  const refs = new Map<Source['value'], AttachmentRef>()
  const puts = new Map<string, Promise<AttachmentRef>>()
  await concurrently([...found.values()], concurrency, async ({ source, place }) => {
    const bytes = decoded(source, place)
    if (bytes === undefined) return
    const meta = metaOf(source, place)
    const content = await session.prepare(bytes, { signal })
    try {
      const put = puts.get(content.id) ?? session.put(content, meta, { signal })
      puts.set(content.id, put)
      refs.set(source.value, await put)
    } finally {
      await content[Symbol.asyncDispose]()
    }
  })
  return walk(place => {
    const source = sourceAt(place)
    const ref = source && refs.get(source.value)
    return ref && slim(source, ref, place)
  })
}

/** The bytes that stand at a place. Undefined for anything else, such as a URL of another scheme. */
function sourceAt({ value, role, text }: Place): Source | undefined {
  if (role === 'input') return undefined
  if (isBytes(value)) return { value, form: value instanceof ArrayBuffer ? 'arraybuffer' : 'uint8array' }
  const string = value instanceof URL ? value.href : value
  if (typeof string !== 'string') return undefined
  if (/^data:/i.test(string)) {
    const { mediaType, isBase64 = false } = readDataUrl(string) ?? {}
    // In the output of a tool, a text may begin with these letters.
    if (role === 'output' && !mediaType && !isBase64) return undefined
    return { value: string, form: 'data-url', mediaType: mediaType ?? '' }
  }
  const isBase64 = text === 'base64' || (text === 'either' && !URL.canParse(string))
  return isBase64 && !string.startsWith('attachment:') ? { value: string, form: 'base64' } : undefined
}

/**
 * Undefined when what stands in the output of a tool is no bytes after all.
 * @throws AttachmentInvalidArgumentError when the types of the SDK say that there are bytes.
 */
function decoded({ value, form }: Source, { role, at }: Place): Uint8Array | ArrayBuffer | undefined {
  if (typeof value !== 'string') return value
  const dataUrl = form === 'data-url' ? readDataUrl(value) : undefined
  const bytes = form === 'base64' ? bytesOfBase64(value) : dataUrl && bytesOfDataUrl(dataUrl)
  if (bytes !== undefined || role === 'output') return bytes
  throw new AttachmentInvalidArgumentError(
    `${at}: malformed ${form === 'base64' ? 'base64' : 'data: URL'}; nothing was committed`,
  )
}

/** The bytes that stand in the output of a tool, and what they are. Undefined when there are none. */
export function bytesAt(place: Place): { bytes: Uint8Array; mediaType: string } | undefined {
  const source = sourceAt(place)
  const bytes = source && decoded(source, place)
  if (bytes === undefined) return undefined
  return { bytes: new Uint8Array(bytes), mediaType: metaOf(source as Source, place).mediaType }
}

/** What the part says of its bytes wins over what a `data:` URL says. */
function metaOf(
  { mediaType: ofUrl = '' }: Source,
  { mediaType = '', filename, role, at }: Place,
): AttachmentCreateMeta {
  if (role === 'part' && mediaType !== '' && !isFullMediaType(mediaType) && !isWideMediaType(mediaType)) {
    throw new AttachmentInvalidArgumentError(`${at}: the media type is malformed; nothing was committed`)
  }
  return {
    mediaType: [mediaType, ofUrl].find(isFullMediaType) ?? 'application/octet-stream',
    ...(isLabel(filename) && { label: filename }),
  }
}

/** A name that cannot be a label stays in its part alone. */
function isLabel(name: string | undefined): name is string {
  if (!name || name.length > maxLabelBytes || !name.isWellFormed() || name.includes('\0')) return false
  return Buffer.byteLength(name) <= maxLabelBytes
}

/** In a part, the SDK knows what a URL is. The output of a tool has to be given back as it was. */
function slim({ form, mediaType }: Source, ref: AttachmentRef, { role }: Place): Replacement {
  return { value: markedUrl(ref, role === 'output' ? { form, mediaType: mediaType || undefined } : {}) }
}
