import type { Damage } from '../harness.ts'

/**
 * The bytes of a blob after the damage, for the `corrupt` of a fixture: a new array, or the given one where the damage
 * is to the metadata.
 */
export function damagedBytes(bytes: Uint8Array, damage: Damage): Uint8Array {
  switch (damage) {
    case 'flip': {
      const middle = bytes.byteLength >> 1
      return bytes.with(middle, (bytes[middle] ?? 0) ^ 1)
    }
    case 'truncate':
      return bytes.slice(0, -1)
    case 'extend':
      return Buffer.concat([bytes, Uint8Array.of(0)])
    case 'empty':
      return new Uint8Array(0)
    default:
      return bytes
  }
}
