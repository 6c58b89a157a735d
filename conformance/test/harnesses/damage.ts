import type { Capability, Damage } from '@lash/attachments-conformance'

export const damagesBytes: readonly Capability[] = ['damage:flip', 'damage:truncate', 'damage:extend', 'damage:empty']
export const damagesMetadata: readonly Capability[] = ['damage:drop-metadata', 'damage:damage-metadata']

/** The bytes after the damage. Damage to the metadata leaves them as they are. */
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
