import { type Fields, isFields, mapSame, type Place, replaced, stringOrNone, type Visit, withFields } from './place.ts'

/**
 * What a tool returned, or was called with, with what `visit` gives for the places in it. Places are whole strings, as
 * URLs; arrays of bytes; and base64 in the shapes that the SDK and MCP have for it:
 * - `{ type: 'file' | 'file-data' | 'image-data' | 'media' | 'image' | 'audio', data, mediaType }`, or `mimeType`;
 * - `{ type: 'file', data: { type: 'data', data }, mediaType }`;
 * - `{ uri, blob, mimeType }`, a resource of MCP;
 * - `{ base64, mediaType }`, such as the SDK's generated files.
 *
 * No other string is guessed to be base64. Of an object with a class, a plain one is made, as JSON makes it.
 */
export function mapToolValue(value: unknown, role: 'input' | 'output', at: string, visit: Visit): unknown {
  const walk = (value: unknown, around: Fields, at: string): unknown => {
    if (typeof value === 'string' || isBytes(value) || value instanceof URL) {
      const replacement = visit(placeIn(value, 'url', around, role, at))
      if (replacement === undefined) return value
      return 'text' in replacement ? replacement.text : replacement.value
    }
    if (Array.isArray(value)) return mapSame(value, (item, index) => walk(item, around, `${at}[${index}]`))
    if (!isFields(value)) return value
    const shape = shapeOf(value)
    if (shape !== undefined) return shape
    // What says itself what it is in JSON, such as a date, is not looked into.
    if (typeof value.toJSON === 'function') return value
    const entries = Object.entries(value)
    const mapped = entries.map(([name, field]) => [name, walk(field, value, `${at}.${name}`)] as const)
    return mapped.every(([, field], index) => field === entries[index]?.[1]) ? value : Object.fromEntries(mapped)
  }

  /** Undefined when the value has none of the shapes. */
  const shapeOf = (value: Fields): Fields | undefined => {
    const field = base64Field(value)
    if (field !== undefined) {
      const part = isPlain(value) ? value : { [field]: value[field], mediaType: value.mediaType }
      const mapped = replaced(part, field, visit(placeIn(value[field], 'base64', value, role, `${at}.${field}`)))
      return mapped === part ? value : mapped
    }
    const { type, data } = value
    if (type !== 'file' || !isFields(data) || data.type !== 'data') return undefined
    const replacement = visit(placeIn(data.data, 'base64', value, role, `${at}.data`))
    if (replacement === undefined) return value
    if ('text' in replacement) return replaced(value, 'data', replacement)
    return withFields(value, { data: withFields(data, { data: replacement.value }) })
  }

  return walk(value, {}, at)
}

const typesWithData = new Set<unknown>(['file', 'file-data', 'image-data', 'media', 'image', 'audio'])

/** The field that holds base64, in a shape that has one. */
function base64Field(value: Fields): string | undefined {
  const { mediaType, mimeType } = value
  if (typeof (mediaType ?? mimeType) !== 'string') return undefined
  if (typesWithData.has(value.type) && typeof value.data === 'string') return 'data'
  if (typeof value.uri === 'string' && typeof value.blob === 'string') return 'blob'
  return typeof mediaType === 'string' && typeof value.base64 === 'string' ? 'base64' : undefined
}

function placeIn(value: unknown, text: Place['text'], around: Fields, role: Place['role'], at: string): Place {
  const mediaType = stringOrNone(around.mediaType) ?? stringOrNone(around.mimeType)
  return { value, role, text, isDownloaded: false, mediaType, filename: stringOrNone(around.filename), at }
}

export function isBytes(value: unknown): value is Uint8Array | ArrayBuffer {
  return value instanceof Uint8Array || value instanceof ArrayBuffer
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
