/**
 * The bytes in a buffer of their own. In a bigger buffer, their reader could see and change bytes that are not the
 * reader's, and could not transfer the buffer.
 */
export function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
