import {
  type Fields,
  isFields,
  mapSame,
  type Replacement,
  replaced,
  stringOrNone,
  type Visit,
  withFields,
} from './place.ts'
import { mapToolValue } from './tool-value.ts'

/** The model message with what `visit` gives for its places. The same object when nothing changes. */
export function mapModelMessage(message: Fields, at: string, visit: Visit): Fields {
  const { content } = message
  if (!Array.isArray(content)) return message
  // The SDK downloads what stands in messages of users and of tools, and in outputs; not what the model made.
  const isDownloaded = message.role !== 'assistant'
  const mapped = mapSame(content, (part, index) =>
    isFields(part) ? mapPart(part, isDownloaded, `${at}.content[${index}]`, visit) : part,
  )
  return withFields(message, { content: mapped })
}

function mapPart(part: Fields, isDownloaded: boolean, at: string, visit: Visit): Fields {
  switch (part.type) {
    case 'image':
      return mapData(part, 'image', isDownloaded, at, visit)
    case 'file':
    case 'reasoning-file':
      return mapData(part, 'data', isDownloaded, at, visit)
    case 'tool-call':
      return withFields(part, { input: mapToolValue(part.input, 'input', `${at}.input`, visit) })
    case 'tool-result':
      return isFields(part.output) ? withFields(part, { output: mapOutput(part.output, `${at}.output`, visit) }) : part
    default:
      return part
  }
}

/** Data of a part, alone or with a tag. What replaces it stands alone, which every part may have. */
function mapData(part: Fields, field: string, isDownloaded: boolean, at: string, visit: Visit): Fields {
  const { value, text } = untagged(part[field])
  const said = { mediaType: stringOrNone(part.mediaType), filename: stringOrNone(part.filename) }
  const replacement = visit({ value, role: 'part', text, isDownloaded, ...said, at })
  return replaced(part, field, replacement)
}

function untagged(data: unknown): { value: unknown; text: 'either' | 'base64' | 'url' } {
  if (isFields(data) && data.type === 'data') return { value: data.data, text: 'base64' }
  if (isFields(data) && data.type === 'url') return { value: data.url, text: 'url' }
  return { value: data, text: 'either' }
}

function mapOutput(output: Fields, at: string, visit: Visit): Fields {
  const { type, value } = output
  if (type === 'content' && Array.isArray(value)) {
    const mapped = mapSame(value, (item, index) =>
      isFields(item) ? mapContent(item, `${at}.value[${index}]`, visit) : item,
    )
    return withFields(output, { value: mapped })
  }
  const isJson = type === 'text' || type === 'json' || type === 'error-text' || type === 'error-json'
  return isJson ? withFields(output, { value: mapToolValue(value, 'output', `${at}.value`, visit) }) : output
}

/** An item of the content of an output. */
function mapContent(item: Fields, at: string, visit: Visit): Fields {
  const { type } = item
  if (type === 'file-data' || type === 'image-data' || type === 'media') {
    return mapToolValue(item, 'output', at, visit) as Fields
  }
  const place = { role: 'part', isDownloaded: true, filename: stringOrNone(item.filename), at } as const
  const mediaType = type === 'image-url' ? 'image' : stringOrNone(item.mediaType)
  if (type === 'file-url' || type === 'image-url') {
    return withUrl(item, mediaType, visit({ ...place, value: item.url, text: 'url', mediaType }))
  }
  if (type !== 'file') return item
  const replacement = visit({ ...place, ...untagged(item.data), mediaType })
  if (replacement === undefined || 'text' in replacement) return replaced(item, 'data', replacement)
  const url = urlOf(replacement.value)
  return replaced(item, 'data', {
    ...replacement,
    value: url === undefined ? { type: 'data', data: replacement.value } : { type: 'url', url },
  })
}

/**
 * The deprecated items hold a URL as a string. With the `URL` of an attachment, one becomes the `file` item that the
 * SDK makes of it, since not every version downloads for the old one.
 */
function withUrl(item: Fields, mediaType: string | undefined, replacement: Replacement): Fields {
  if (replacement === undefined || 'text' in replacement) return replaced(item, 'url', replacement)
  const { value: url } = replacement
  if (!(url instanceof URL) || url.protocol !== 'attachment:') return withFields(item, { url: String(url) })
  const { type: _, url: __, ...kept } = item
  const type = replacement.mediaType ?? mediaType ?? 'application/octet-stream'
  return { ...kept, type: 'file', mediaType: type, data: { type: 'url', url } }
}

function urlOf(value: unknown): URL | undefined {
  if (value instanceof URL) return value
  return typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
}
