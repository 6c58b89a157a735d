import { createHash } from 'node:crypto'

/** Bytes to put. */
export interface Sample {
  /** The SHA-256 in lower-case hex, computed here and not by what is tested. */
  readonly id: string
  readonly bytes: Uint8Array
}

const sizes = [0, 100, 5_000, 64 * 1024 + 1, 300_000, 1_500_000]

/**
 * The same contents in every process, from an empty one to one that is written in pieces. They are few, so that
 * sessions share them.
 */
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
