import { createHash } from 'node:crypto'

/** Something to put. */
export interface Sample {
  /** Lower-case hex SHA-256, computed here and not by what is tested. */
  readonly id: string
  readonly bytes: Uint8Array
}

const sizes = [0, 100, 5_000, 64 * 1024 + 1, 300_000, 1_500_000]

/** The same few contents in every process, from empty to big enough to be written in pieces. Few, so that sessions share them. */
export const samples: readonly Sample[] = sizes.map((size, index) => {
  const bytes = new Uint8Array(Buffer.alloc(size, createHash('sha256').update(String(index)).digest()))
  return { id: digest(bytes), bytes }
})

export function sampleOf(id: string): Sample | undefined {
  return samples.find(sample => sample.id === id)
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
