import { expect, test } from 'vitest'

/*
 * The protocol of src/removal.ts, taken by itself: every interleaving of its steps, where each actor may also stop for ever before any step.
 * Bytes without a sidecar must never be there, and a write that has ended without another removal of the name must be whole.
 */

interface Disk {
  bytes: boolean
  sidecar: boolean
  /** Writers whose staged bytes are there. */
  readonly staged: Set<number>
  /** Removals whose marks are there. */
  readonly marks: Set<number>
}

interface Actor {
  readonly id: number
  readonly program: readonly Step[]
  /** The next step. */
  at: number
}

/** Gives the number of the next step, or nothing for the one that follows. */
type Step = (disk: Disk, id: number) => number | undefined

const write: readonly Step[] = [
  (disk, id) => void disk.staged.add(id),
  disk => void disk.marks.clear(),
  disk => {
    disk.sidecar = true
  },
  (disk, id) => {
    // The rename of a staged file that is gone fails, and the write starts again.
    if (!disk.staged.delete(id)) return 0
    disk.bytes = true
    return undefined
  },
]

const removal: readonly Step[] = [
  (disk, id) => void disk.marks.add(id),
  disk => void disk.staged.clear(),
  disk => {
    disk.bytes = false
  },
  (disk, id) => {
    // The rename into a mark that is gone fails, and the sidecar stays.
    if (disk.marks.has(id)) disk.sidecar = false
    return undefined
  },
  (disk, id) => void disk.marks.delete(id),
]

/** Of a write that failed after its sidecar had its name, and of the sweep of what a crashed one left. */
const discard: readonly Step[] = [
  (disk, id) => void disk.marks.add(id),
  disk => void disk.staged.clear(),
  disk => (disk.bytes ? 4 : undefined),
  (disk, id) => {
    if (disk.marks.has(id)) disk.sidecar = false
    return undefined
  },
  (disk, id) => void disk.marks.delete(id),
]

/** Explores everything; gives the number of states, and how many of them have bytes without a sidecar. */
function explore(programs: readonly (readonly Step[])[], start: Pick<Disk, 'bytes' | 'sidecar'>): [number, number] {
  const seen = new Set<string>()
  let broken = 0
  const visit = (disk: Disk, actors: readonly Actor[]): void => {
    const key = JSON.stringify([
      disk.bytes,
      disk.sidecar,
      [...disk.staged].sort(),
      [...disk.marks].sort(),
      actors.map(actor => actor.at),
    ])
    if (seen.has(key)) return
    seen.add(key)
    if (disk.bytes && !disk.sidecar) broken++
    for (const [index, actor] of actors.entries()) {
      const step = actor.program[actor.at]
      if (step === undefined) continue
      const next: Disk = { ...disk, staged: new Set(disk.staged), marks: new Set(disk.marks) }
      const at = step(next, actor.id) ?? actor.at + 1
      visit(next, actors.with(index, { ...actor, at }))
    }
  }
  const actors = programs.map((program, id) => ({ id, program, at: 0 }))
  visit({ ...start, staged: new Set(), marks: new Set() }, actors)
  return [seen.size, broken]
}

const starts = [
  { bytes: false, sidecar: false },
  { bytes: false, sidecar: true },
  { bytes: true, sidecar: true },
]

test.each<[string, readonly (readonly Step[])[]]>([
  ['a write and a removal', [write, removal]],
  ['two writes and two removals', [write, write, removal, removal]],
  ['a write and three removals', [write, removal, removal, removal]],
  ['two writes, a removal and a discard', [write, write, removal, discard]],
])('%s: no interleaving leaves bytes without a sidecar', (_title, programs) => {
  for (const start of starts) {
    const [states, broken] = explore(programs, start)
    expect(states).toBeGreaterThan(20)
    expect(broken).toBe(0)
  }
})

test.each<[string, readonly Step[], readonly Step[]]>([
  ['the write does not fence off removals', write.with(1, () => undefined), removal],
  ['the removal does not fence off writes', write, removal.with(1, () => undefined)],
  [
    'the write fences off removals after it has named the sidecar',
    [0, 2, 1, 3].map(index => write[index] as Step),
    removal,
  ],
  ['the removal takes the sidecar before the bytes', write, [0, 1, 3, 2, 4].map(index => removal[index] as Step)],
])('the exploration finds the fault when %s', (_title, writing, removing) => {
  const broken = starts.map(start => explore([writing, removing, removing], start)[1])
  expect(Math.max(...broken)).toBeGreaterThan(0)
})
