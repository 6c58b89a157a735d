/** An image, so that the SDK knows its type by its bytes. */
export const png: Uint8Array = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 1, 2, 3])
/** Bytes of which nothing is known, and whose base64 needs padding and both letters of its alphabets. */
export const raw: Uint8Array = new Uint8Array([0xfb, 0xff, 0xfe, 0xbf, 0x00, 0x0a, 0xc3])

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

export function dataUrl(bytes: Uint8Array, mediaType: string): string {
  return `data:${mediaType};base64,${base64(bytes)}`
}
