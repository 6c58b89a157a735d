import type { AttachmentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import type { ToolResultPart } from 'ai'
import { bytesAt } from './externalize.ts'
import type { Place } from './places/place.ts'
import { mapToolValue } from './places/tool-value.ts'
import { attachmentAt } from './refs/attachment-url.ts'

type Output = ToolResultPart['output']
type Content = Extract<Output, { type: 'content' }>['value']

/**
 * What a model is given of the output of a tool: the output as text, and each attachment in it, or bytes, as a file.
 */
export async function toModelOutput(session: SessionScopedAttachmentStore, output: unknown): Promise<Output> {
  const found = new Map<unknown, { id: AttachmentId | undefined; place: Place; held: ReturnType<typeof bytesAt> }>()
  const shown = mapToolValue(output, 'output', 'output', place => {
    const id = attachmentAt(place)?.id
    const held = id === undefined ? bytesAt(place) : undefined
    if (id === undefined && held === undefined) return undefined
    found.set(id ?? place.value, { id, place, held })
    return held && { value: `[${held.mediaType}, ${held.bytes.byteLength} bytes]` }
  })
  if (found.size === 0) {
    return typeof output === 'string' ? { type: 'text', value: output } : { type: 'json', value: jsonOf(output) }
  }
  const files = await Promise.all(
    [...found.values()].map(async ({ id, place, held }): Promise<Content[number]> => {
      const ref = id === undefined ? undefined : await session.ref(id)
      const mediaType = (ref ?? held)?.mediaType ?? 'application/octet-stream'
      const filename = ref?.label ?? place.filename
      return {
        type: 'file',
        mediaType,
        ...(filename && { filename }),
        data: held ? { type: 'data', data: held.bytes } : { type: 'url', url: new URL(String(place.value)) },
      }
    }),
  )
  // Alone, a URL says nothing beside its file.
  const text: Content = typeof shown === 'string' ? [] : [{ type: 'text', text: JSON.stringify(shown) }]
  return { type: 'content', value: [...text, ...files] }
}

/** As the SDK makes JSON of what a tool returned. */
function jsonOf(output: unknown): Extract<Output, { type: 'json' }>['value'] {
  return JSON.parse(JSON.stringify(output) ?? 'null')
}
