/**
 * A place in a message where bytes, or a URL to them, can stand. What stands there may be anything: what is neither is
 * left alone.
 */
export interface Place {
  readonly value: unknown
  /**
   * A `part` is read by the SDK itself, so that its types say what may stand there. An `output` is what a tool returned
   * or a data part carries, any JSON; an `input` is what the model wrote for a tool.
   */
  readonly role: 'part' | 'output' | 'input'
  /** What a string is here: a URL; base64; or a URL if it can be one, else base64. */
  readonly text: 'url' | 'base64' | 'either'
  /** Whether the SDK asks its download function for a URL that stands here. */
  readonly isDownloaded: boolean
  /** What the part says of its bytes. */
  readonly mediaType: string | undefined
  readonly filename: string | undefined
  /** For messages of errors, such as `messages[2].parts[0]`. */
  readonly at: string
}

/** What is to stand at a place. Undefined: what stands there already. */
export type Replacement =
  | {
      readonly value: unknown
      /** Also what the part is to say of its bytes. */
      readonly mediaType?: string | undefined
      /** As `mediaType`. An empty name is taken off. */
      readonly filename?: string | undefined
    }
  /** A text part in place of the whole part. */
  | { readonly text: string }
  | undefined

export type Visit = (place: Place) => Replacement

export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}

/** As `map`, but the same array when every item stays the same. */
export function mapSame<Item>(items: readonly Item[], map: (item: Item, index: number) => Item): readonly Item[] {
  const mapped = items.map(map)
  return mapped.every((item, index) => item === items[index]) ? items : mapped
}

/** The object with these fields, or itself when they have these values. */
export function withFields<T extends Fields>(object: T, fields: Fields): T {
  const isSame = Object.entries(fields).every(([name, value]) => object[name] === value)
  return isSame ? object : { ...object, ...fields }
}

export function stringOrNone(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** The part with what is to stand in a field of it. */
export function replaced(part: Fields, field: string, replacement: Replacement): Fields {
  if (replacement === undefined) return part
  if ('text' in replacement) return { type: 'text', text: replacement.text }
  const { value, mediaType, filename } = replacement
  const { filename: _, ...unnamed } = part
  return withFields(filename === '' && 'filename' in part ? unnamed : part, {
    [field]: value,
    ...(mediaType !== undefined && { mediaType }),
    ...(filename && { filename }),
  })
}
