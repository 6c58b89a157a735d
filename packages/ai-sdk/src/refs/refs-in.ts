import type { AttachmentRef } from '@lash/attachments-core'
import { isFullMediaType } from '../data-content.ts'
import type { Place, Visit } from '../places/place.ts'
import { attachmentAt } from './attachment-url.ts'

/** The refs that `walk` comes by, each once, in order. */
export function refsAt(walk: (visit: Visit) => unknown): AttachmentRef[] {
  const refs = new Map<string, AttachmentRef>()
  walk(place => {
    const ref = refIn(place)
    if (ref === undefined) return undefined
    const name = `${ref.id}.${ref.generation ?? 0}`
    if (!refs.has(name)) refs.set(name, ref)
    return undefined
  })
  return [...refs.values()]
}

function refIn(place: Place): AttachmentRef | undefined {
  const url = attachmentAt(place)
  const { mediaType = '', filename } = place
  if (url === undefined) return undefined
  const { id, byteLength = 0, generation } = url
  return {
    id,
    byteLength,
    mediaType: [mediaType, url.mediaType ?? ''].find(isFullMediaType) ?? 'application/octet-stream',
    ...(filename && { label: filename }),
    ...(generation > 0 && { generation }),
  }
}
