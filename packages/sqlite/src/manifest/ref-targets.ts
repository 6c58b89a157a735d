import type { CommitTarget } from '@lash/attachments-core/backend'

/** The length of an id, in bytes. */
const idLength = 32
/** Stands for the generation of the holder's last intent. */
export const lastIntent: number = -1

/** Ids with generations, packed: 100,000 objects would take long to cross to the writer thread. */
export interface RefTargets {
  /** The ids in bytes, one after the other. */
  readonly ids: Uint8Array
  /** The generation of each; {@link lastIntent} for a bare id. */
  readonly generations: readonly number[]
}

export function packTargets(targets: readonly CommitTarget[]): RefTargets {
  const ids = new Uint8Array(targets.length * idLength)
  const digits = Buffer.from(ids.buffer)
  targets.forEach(({ id }, index) => {
    digits.write(id, index * idLength, 'hex')
  })
  return { ids, generations: targets.map(({ generation }) => generation ?? lastIntent) }
}

export function idAt({ ids }: RefTargets, index: number): Buffer {
  return Buffer.from(ids.buffer, ids.byteOffset + index * idLength, idLength)
}
