import type { Random } from '@lash/attachments-conformance/explore'
import type { NameChange, Write } from './nodes.ts'

/** What a power cut does to changes that were not synced: it gives those that survive, in their order. */
export interface Fate {
  names(changes: readonly NameChange[]): readonly NameChange[]
  writes(changes: readonly Write[]): readonly Write[]
}

/** Nothing survives that was not synced. */
export const allLost: Fate = { names: () => [], writes: () => [] }

/** Everything survives, as when only the process is killed. */
export const allKept: Fate = { names: changes => changes, writes: changes => changes }

/** As chance has it: in one file all is lost, in another some of it, in the next a beginning; writes may be torn. */
export function randomFate(random: Random): Fate {
  return {
    names: changes => pick(changes, random),
    writes: changes => tear(pick(changes, random), random),
  }
}

function pick<T>(changes: readonly T[], random: Random): readonly T[] {
  switch (random.below(5)) {
    case 0:
      return []
    case 1:
      return changes
    case 2:
      return changes.slice(0, random.below(changes.length + 1))
    case 3: {
      const missing = random.below(changes.length)
      return changes.filter((_change, index) => index !== missing)
    }
    default: {
      const survival = random.next()
      return changes.filter(() => random.chance(survival))
    }
  }
}

/** Many writes, few, or the last one. */
function tear(writes: readonly Write[], random: Random): readonly Write[] {
  switch (random.below(4)) {
    case 0:
      return writes
    case 1:
      return writes.map((write, index) => (index === writes.length - 1 ? torn(write, random) : write))
    case 2:
      return writes.map(write => (random.chance(0.02) ? torn(write, random) : write))
    default:
      return writes.map(write => (random.chance(0.5) ? torn(write, random) : write))
  }
}

function torn(write: Write, random: Random): Write {
  if (write.data === undefined) return write
  return { ...write, data: random.chance(0.5) ? firstHalf(write.data) : new Uint8Array(write.data.byteLength) }
}

/** The second half as zeros. */
export function firstHalf(data: Uint8Array): Uint8Array {
  const half = new Uint8Array(data.byteLength)
  half.set(data.subarray(0, Math.ceil(data.byteLength / 2)))
  return half
}
