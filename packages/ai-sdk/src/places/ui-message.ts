import { type Fields, isFields, mapSame, replaced, stringOrNone, type Visit, withFields } from './place.ts'
import { mapToolValue } from './tool-value.ts'

/** The UI message with what `visit` gives for its places. The same object when nothing changes. */
export function mapUIMessage(message: Fields, at: string, visit: Visit): Fields {
  return Array.isArray(message.parts) ? withFields(message, { parts: mapUIParts(message.parts, at, visit) }) : message
}

function mapUIParts(parts: readonly unknown[], at: string, visit: Visit): readonly unknown[] {
  return mapSame(parts, (part, index) => (isFields(part) ? mapUIPart(part, `${at}.parts[${index}]`, visit) : part))
}

/**
 * The same for a part, or for a chunk of a UI message stream: where these have bytes, they have the same fields. A part
 * of a kind that is not known here is left alone.
 */
export function mapUIPart(part: Fields, at: string, visit: Visit): Fields {
  const { type } = part
  if (typeof type !== 'string') return part
  if (type === 'file' || type === 'reasoning-file' || type === 'source-url') {
    const { url, mediaType, filename } = part
    const place = { value: url, role: 'part', text: 'url', isDownloaded: false, at } as const
    const said = { mediaType: stringOrNone(mediaType), filename: stringOrNone(filename) }
    const replacement = visit({ ...place, ...said })
    // A source has no media type.
    const isSource = type === 'source-url' && replacement !== undefined && 'value' in replacement
    return replaced(part, 'url', isSource ? { value: replacement.value } : replacement)
  }
  if (type === 'steering-message' && Array.isArray(part.parts)) {
    return withFields(part, { parts: mapUIParts(part.parts, at, visit) })
  }
  if (type.startsWith('data-')) return mapField(part, 'data', 'output', at, visit)
  if (type.startsWith('tool-') || type === 'dynamic-tool') {
    return mapField(mapField(part, 'input', 'input', at, visit), 'output', 'output', at, visit)
  }
  return part
}

function mapField(part: Fields, field: string, role: 'input' | 'output', at: string, visit: Visit): Fields {
  const value = part[field]
  return value === undefined ? part : withFields(part, { [field]: mapToolValue(value, role, `${at}.${field}`, visit) })
}
