import { type Damage, damagedBytes } from '@lash/attachments-conformance'

/** How many bytes of an object come before those of the blob; see the README. */
const headerBytes = 8192

/** An object of the store after the damage. */
export function damagedObject(object: Uint8Array, damage: Damage): Uint8Array {
  const header = object.slice(0, headerBytes)
  if (damage === 'drop-metadata') header.fill(0x20)
  if (damage === 'damage-metadata') header.fill(0x7b)
  return Buffer.concat([header, damagedBytes(object.slice(headerBytes), damage)])
}
