/**
 * The bytes in memory of their own. A window on a bigger buffer would let its reader see, and change, what is not the reader's, and
 * could not be transferred.
 */
export function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}
