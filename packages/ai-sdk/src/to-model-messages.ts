import {
  type AttachmentId,
  type AttachmentMeta,
  AttachmentNotFoundError,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'
import { inForm } from './data-content.ts'
import type { Place, Replacement, Visit } from './places/place.ts'
import { type AttachmentUrlParts, attachmentAt } from './refs/attachment-url.ts'

export interface FillOptions {
  /** What becomes of a part whose bytes are gone: an error, or a text part that says so. */
  missing: 'throw' | 'text'
  signal: AbortSignal | undefined
  concurrency: number
}

/** Of an attachment that is there. */
interface Loaded {
  readonly meta: AttachmentMeta
  /** Undefined where it was only asked whether they are there. */
  readonly bytes: Uint8Array | undefined
}

/** Walks once to see what is needed, loads that, each content once, and walks again. */
async function filled<T>(
  walk: (visit: Visit) => T,
  session: SessionScopedAttachmentStore,
  { missing, signal, concurrency }: FillOptions,
  need: (place: Place, url: AttachmentUrlParts) => 'bytes' | 'presence' | undefined,
  fill: (loaded: Loaded, place: Place, url: AttachmentUrlParts) => Replacement,
  otherwise?: Visit,
): Promise<T> {
  const needed = new Map<AttachmentId, 'bytes' | 'presence'>()
  walk(place => {
    const url = attachmentAt(place)
    if (url === undefined) return undefined
    const what = need(place, url)
    if (what !== undefined && needed.get(url.id) !== 'bytes') needed.set(url.id, what)
    return undefined
  })
  const loaded = new Map<AttachmentId, Loaded>()
  await concurrently([...needed], concurrency, async ([id, what]) => {
    const found = await (what === 'bytes' ? read(session, id, signal) : look(session, id, signal))
    if (found !== undefined) loaded.set(id, found)
    else if (missing === 'throw') throw new AttachmentNotFoundError(id)
  })
  return walk(place => {
    const url = attachmentAt(place)
    if (url === undefined || need(place, url) === undefined) return otherwise?.(place)
    const found = loaded.get(url.id)
    return found === undefined ? { text: missingText(place, url) } : fill(found, place, url)
  })
}

async function read(
  session: SessionScopedAttachmentStore,
  id: AttachmentId,
  signal: AbortSignal | undefined,
): Promise<Loaded | undefined> {
  try {
    return await session.get(id, { signal })
  } catch (error) {
    if (AttachmentNotFoundError.isInstance(error)) return undefined
    throw error
  }
}

async function look(
  session: SessionScopedAttachmentStore,
  id: AttachmentId,
  signal: AbortSignal | undefined,
): Promise<Loaded | undefined> {
  const meta = await session.stat(id, { signal })
  return meta && { meta, bytes: undefined }
}

/** For the model, in place of what it cannot be given. */
function missingText({ filename, mediaType }: Place, url: AttachmentUrlParts): string {
  const said = [filename, mediaType ?? url.mediaType].filter(Boolean).join(', ')
  return said === '' ? '[an attachment is missing]' : `[an attachment is missing: ${said}]`
}

/** Gives outputs of tools the bytes that they had before they were externalized, as they stood. */
export function withOutputs<T>(
  walk: (visit: Visit) => T,
  session: SessionScopedAttachmentStore,
  options: FillOptions,
): Promise<T> {
  return filled(
    walk,
    session,
    options,
    ({ role }, { form }) => (role === 'output' && form !== undefined ? 'bytes' : undefined),
    ({ bytes }, _, { form, mediaType }) => form && bytes && { value: inForm(form, bytes, mediaType) },
  )
}

/**
 * Gives parts of model messages their bytes where the SDK asks no download function for them, and makes sure of the
 * others, which stay URLs. A URL object that went through JSON is one again.
 */
export function withParts<T>(
  walk: (visit: Visit) => T,
  session: SessionScopedAttachmentStore,
  options: FillOptions,
): Promise<T> {
  return filled(
    walk,
    session,
    options,
    ({ role, isDownloaded }) => (role === 'part' ? (isDownloaded ? 'presence' : 'bytes') : undefined),
    ({ meta, bytes }, { value, isDownloaded, mediaType }) => ({
      value: isDownloaded ? new URL(String(value)) : bytes,
      mediaType: mediaType || knownType(meta, mediaType),
    }),
    ({ value, role, text }) => {
      const isUrlText = role === 'part' && text === 'url' && typeof value === 'string' && URL.canParse(value)
      return isUrlText ? { value: new URL(value) } : undefined
    },
  )
}

/** For a part that says nothing of its type. An image without one is told by its bytes. */
function knownType({ mediaType }: AttachmentMeta, said: string | undefined): string | undefined {
  return said === undefined && mediaType === 'application/octet-stream' ? undefined : mediaType
}
