/**
 * Gives back the memory of bytes that nobody needs any more, all of their buffer. As garbage, buffers would wait for a
 * collection that comes only after some 64 MiB of them, and each new one would be memory that was never touched.
 * Leaves bytes alone that are a part of a bigger buffer, which may have other owners.
 */
export function free({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0)
}
