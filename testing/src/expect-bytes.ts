import { expect } from 'vitest'

/** Compares bytes as bytes: a matcher compares them one by one, which takes seconds for a few MiB. */
export function expectBytes(actual: Uint8Array | ArrayBuffer, expected: Uint8Array): void {
  const bytes = new Uint8Array(actual as ArrayBuffer)
  expect(bytes.byteLength).toBe(expected.byteLength)
  expect(Buffer.compare(bytes, expected)).toBe(0)
}
