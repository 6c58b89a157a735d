/** The type without its parameters, in lower case. */
export function essenceOf(mediaType: string): string {
  return (mediaType.split(';', 1)[0] as string).trim().toLowerCase()
}

/** Whether a media type is in one of the ranges, such as `image/*`, which are in lower case. */
export function isAccepted(mediaType: string, ranges: readonly string[]): boolean {
  const essence = essenceOf(mediaType)
  return ranges.some(range => {
    if (range === '*/*') return true
    return range.endsWith('/*') ? essence.startsWith(range.slice(0, -1)) : essence === range
  })
}

/**
 * What a browser shows without running anything of it. Not SVG, HTML and XML, which may have scripts; nor PDF, whose
 * viewers run its own.
 */
const shown: ReadonlySet<string> = new Set([
  'image/apng',
  'image/avif',
  'image/bmp',
  'image/gif',
  'image/heic',
  'image/heif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'text/plain',
])
/** Not `audio/x+xml`: a browser takes every type that ends so for XML, whatever it begins with. */
const played = /^(audio|video)\/[^+]+$/

/** Sound or film. */
export function isPlayed(mediaType: string): boolean {
  return played.test(essenceOf(mediaType))
}

/** Whether it may be shown in the page of whoever asked, or as one, rather than be saved. */
export function isInline(mediaType: string): boolean {
  return shown.has(essenceOf(mediaType)) || isPlayed(mediaType)
}
