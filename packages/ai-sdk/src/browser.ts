import {
  type AttachmentId,
  AttachmentNotFoundError,
  type AttachmentRef,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { concurrently } from '@lash/attachments-core/backend'
import type { Place, Replacement, Visit } from './places/place.ts'
import { attachmentAt, type Mark, markedUrl, markOf, readMark } from './refs/attachment-url.ts'

/** Where a browser finds an attachment. */
export type BrowserUrl = (id: AttachmentId) => string

/** The id in a URL that a browser sent. Undefined for every other URL. */
export type IdInUrl = (url: string) => AttachmentId | undefined

/**
 * A URL that a browser can load for each `attachment:` URL. How bytes stood in the output of a tool is kept in the
 * fragment, which a browser does not send.
 */
export function forBrowser(urlOf: BrowserUrl): Visit {
  return place => {
    const url = attachmentAt(place)
    if (url === undefined) return undefined
    const mark = markOf(url)
    return { value: mark === '' ? urlOf(url.id) : `${urlOf(url.id)}#${mark}` }
  }
}

/**
 * The inverse of `forBrowser`. What a browser sent is a claim, so that each id is looked up in the session.
 * @throws AttachmentNotFoundError
 */
export async function fromBrowser<T>(
  walk: (visit: Visit) => T,
  session: SessionScopedAttachmentStore,
  idIn: IdInUrl,
  { signal, concurrency }: { signal: AbortSignal | undefined; concurrency: number },
): Promise<T> {
  const claimed = new Map<AttachmentId, Place['role']>()
  const unchanged = walk(place => {
    const claim = claimAt(place, idIn)
    if (claim !== undefined && claimed.get(claim.id) !== 'part') claimed.set(claim.id, place.role)
    return undefined
  })
  if (claimed.size === 0) return unchanged
  const held = new Map<AttachmentId, AttachmentRef>()
  await concurrently([...claimed], concurrency, async ([id, role]) => {
    const ref = await session.ref(id, { signal })
    if (ref !== undefined) held.set(id, ref)
    // What a model wrote may name anything, and the conversation should go on.
    else if (role !== 'input') throw new AttachmentNotFoundError(id)
  })
  return walk(place => {
    const claim = claimAt(place, idIn)
    const ref = claim && held.get(claim.id)
    return ref && vouchedFor(ref, claim, place)
  })
}

interface Claim {
  readonly id: AttachmentId
  readonly mark: Mark | undefined
}

function claimAt(place: Place, idIn: IdInUrl): Claim | undefined {
  const { value, role } = place
  if (typeof value !== 'string' || /^data:/i.test(value)) return undefined
  const own = attachmentAt(place)
  if (own !== undefined) return { id: own.id, mark: own }
  if (role !== 'part' && !isLikeUrl(value)) return undefined
  const [, before = value, fragment = ''] = /^([^#]*)#(as=.*)$/.exec(value) ?? []
  const mark = readMark(fragment)
  const id = idIn(mark === undefined ? value : before)
  return id === undefined ? undefined : { id, mark }
}

/** In the output of a tool, any text may stand. */
function isLikeUrl(text: string): boolean {
  return text.length <= 4096 && /^(?:[a-z][a-z0-9+.-]*:|\.{0,2}\/)\S*$/i.test(text)
}

function vouchedFor(ref: AttachmentRef, { mark }: Claim, { role }: Place): Replacement {
  const { mediaType, label = '' } = ref
  const value = markedUrl(ref, mark)
  return role === 'part' ? { value, mediaType, filename: label } : { value }
}
