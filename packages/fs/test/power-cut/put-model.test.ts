import { expect, test } from 'vitest'

/*
 * A model of the steps of write.ts, new-sidecar.ts and removal.ts on one name, with power cuts, explored in every
 * interleaving. Any sync may fail. Each actor may stop for ever before any step, and the power may be cut in every
 * state. Then a file that is not synced is not whole, and of the changes of a name that are not synced, any may be the
 * last. A sync is one step: until it ends it promises nothing, and what comes after its beginning it does not cover.
 */

/** The number of a write's attempt: that of its bytes and of its sidecar. */
type File = number
const none: File = 0

interface Name {
  readonly now: File
  /** What it may be after a power cut. */
  readonly later: readonly File[]
}

interface Disk {
  readonly bytes: Name
  readonly sidecar: Name
  readonly syncedBytes: readonly File[]
  readonly written: readonly File[]
  readonly synced: readonly File[]
  /** The bytes that writes have staged. */
  readonly staged: readonly File[]
  readonly marks: readonly number[]
}

interface Actor {
  readonly at: number
  readonly file: File
  /** Whether the sidecar has its name. */
  readonly named: boolean
  readonly end: 'resolved' | 'rejected' | 'starts again' | undefined
}

/** Each way in which a step may go: the disk, and what changes of the actor. */
type Step = (disk: Disk, id: number, actor: Actor) => readonly (readonly [Disk, Partial<Actor>?])[]
type Program = Readonly<Record<string, Step>>

const give = (name: Name, file: File): Name => ({ now: file, later: [...new Set([...name.later, file])].sort() })
const add = (all: readonly number[], one: number): number[] => [...new Set([...all, one])].sort()
const without = (all: readonly number[], one: number): number[] => all.filter(other => other !== one)
const to = (program: Program, step: string): Partial<Actor> => ({ at: Object.keys(program).indexOf(step) })

const syncFolder = (disk: Disk): Disk => ({
  ...disk,
  bytes: { ...disk.bytes, later: [disk.bytes.now] },
  sidecar: { ...disk.sidecar, later: [disk.sidecar.now] },
})

/** A removal without its second part. A put that fails does the same to its sidecar, if that has no bytes. */
const taking: Program = {
  mark: (disk, id) => [[{ ...disk, marks: add(disk.marks, id) }]],
  fenceOffWrites: disk => [[{ ...disk, staged: [] }]],
  deleteBytes: disk => [[{ ...disk, bytes: give(disk.bytes, none) }]],
  syncFolder: disk => [[syncFolder(disk)]],
  take: (disk, id) => [[disk.marks.includes(id) ? { ...disk, sidecar: give(disk.sidecar, none) } : disk]],
  unmark: (disk, id) => [[{ ...disk, marks: without(disk.marks, id) }]],
}

const put: Program = {
  look: (disk, id, { file }) => [
    disk.bytes.now !== none && disk.written.includes(disk.sidecar.now)
      ? [disk, to(put, 'syncFound')]
      : [disk, { file: file === none ? 10 * (id + 1) : file + 1, named: false }],
  ],
  stage: (disk, _id, { file }) => [[{ ...disk, staged: add(disk.staged, file) }]],
  fenceOffRemovals: disk => [[{ ...disk, marks: [] }]],
  lookForBytes: disk => [[disk, disk.bytes.now === none ? {} : to(put, 'stageSidecar')]],
  nameSidecar: (disk, _id, { file }) => [
    disk.sidecar.now === none
      ? [{ ...disk, sidecar: give(disk.sidecar, file) }, { named: true }]
      : [disk, to(put, 'stageSidecar')],
  ],
  writeSidecar: (disk, _id, { file }) => [[{ ...disk, written: add(disk.written, file) }, to(put, 'syncFiles')]],
  stageSidecar: (disk, _id, { file }) => [[{ ...disk, written: add(disk.written, file) }]],
  syncFiles: (disk, _id, { file }) => [
    [{ ...disk, syncedBytes: add(disk.syncedBytes, file), synced: add(disk.synced, file) }],
    [disk, { ...to(put, 'discardBytes'), end: 'rejected' }],
  ],
  // Whoever has deleted the staged bytes has deleted the staged sidecar too.
  replaceSidecar: (disk, _id, { file, named }) => [
    named
      ? [disk]
      : disk.staged.includes(file)
        ? [{ ...disk, sidecar: give(disk.sidecar, file) }, { named: true }]
        : [disk, { ...to(put, 'discardBytes'), end: 'starts again' }],
  ],
  // An abort leads to the same as a failure.
  syncNames: disk => [[syncFolder(disk)], [disk, { ...to(put, 'discardBytes'), end: 'rejected' }]],
  nameBytes: (disk, _id, { file }) => [
    disk.staged.includes(file)
      ? [{ ...disk, bytes: give(disk.bytes, file), staged: without(disk.staged, file) }]
      : [disk, { ...to(put, 'discardBytes'), end: 'starts again' }],
  ],
  syncLast: disk => [
    [syncFolder(disk), { ...to(put, 'done'), end: 'resolved' }],
    [disk, { ...to(put, 'done'), end: 'rejected' }],
  ],
  discardBytes: (disk, _id, { file, named }) => [
    [{ ...disk, staged: without(disk.staged, file) }, named ? {} : to(put, 'discarded')],
  ],
  mark: taking.mark as Step,
  fenceOffWrites: taking.fenceOffWrites as Step,
  lookWhetherAlone: disk => [[disk, disk.bytes.now === none ? {} : to(put, 'unmark')]],
  syncFolder: taking.syncFolder as Step,
  take: taking.take as Step,
  unmark: taking.unmark as Step,
  // More attempts than this one add nothing.
  discarded: (disk, _id, { file, end }) => [
    [disk, end === 'starts again' && file % 10 < 1 ? { ...to(put, 'look'), end: undefined } : to(put, 'done')],
  ],
  syncFound: disk => {
    const { bytes, sidecar } = disk
    const durable = { ...disk, syncedBytes: add(disk.syncedBytes, bytes.now), synced: add(disk.synced, sidecar.now) }
    return [[syncFolder(durable), { end: 'resolved' }]]
  },
  done: () => [],
}

const removal: Program = {
  ...taking,
  // Where a write has fenced it off, it takes what is left as after a write that failed.
  take: (disk, id) =>
    disk.marks.includes(id) ? [[{ ...disk, sidecar: give(disk.sidecar, none) }, to(removal, 'unmarkAgain')]] : [[disk]],
  markAgain: taking.mark as Step,
  fenceOffAgain: taking.fenceOffWrites as Step,
  lookWhetherAlone: disk => [[disk, disk.bytes.now === none ? {} : to(removal, 'unmarkAgain')]],
  syncAgain: taking.syncFolder as Step,
  takeAgain: taking.take as Step,
  unmarkAgain: taking.unmark as Step,
  done: () => [],
}

interface Outcome {
  states: number
  /** States in which the blob is half there, or may be after a power cut. */
  half: number
  /** States in which what was put, and not removed, may be gone after a power cut. */
  lost: number
  /** States in which bytes stand beside a sidecar that is not whole. */
  torn: number
}

function keyOf(disk: Disk, actors: readonly Actor[]): string {
  const { bytes, sidecar, syncedBytes, written, synced, staged, marks } = disk
  const parts = [[bytes.now], bytes.later, [sidecar.now], sidecar.later, syncedBytes, written, synced, staged, marks]
  return [...parts, ...actors.map(({ at, file, named, end }) => [at, file, named, end])].join('|')
}

function explore(programs: readonly Program[], start: Disk): Outcome {
  const steps = programs.map(program => Object.values(program))
  const removes = programs.some(program => 'deleteBytes' in program)
  const seen = new Set<string>()
  const outcome: Outcome = { states: 0, half: 0, lost: 0, torn: 0 }
  const left: (readonly [Disk, readonly Actor[]])[] = [
    [start, programs.map(() => ({ at: 0, file: none, named: false, end: undefined }))],
  ]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [disk, actors] = next
    const key = keyOf(disk, actors)
    if (seen.has(key)) continue
    seen.add(key)
    const { bytes, sidecar, syncedBytes, written, synced } = disk
    const isHalfLater =
      bytes.later.some(file => file !== none) &&
      !(
        bytes.later.every(file => file === none || syncedBytes.includes(file)) &&
        sidecar.later.every(file => synced.includes(file))
      )
    const isTorn = bytes.now !== none && sidecar.now !== none && !written.includes(sidecar.now)
    outcome.states++
    if (isHalfLater || (bytes.now !== none && !written.includes(sidecar.now))) outcome.half++
    if (isTorn) outcome.torn++
    const wasPut = !removes && actors.some(({ end }, id) => end === 'resolved' && 'stage' in (programs[id] as Program))
    if (wasPut && bytes.later.includes(none)) outcome.lost++
    for (const [id, actor] of actors.entries()) {
      for (const [after, changes] of steps[id]?.[actor.at]?.(disk, id, actor) ?? []) {
        left.push([after, actors.with(id, { ...actor, at: actor.at + 1, ...changes })])
      }
    }
  }
  return outcome
}

const [is, isNot]: Name[] = [1, none].map(now => ({ now, later: [now] }))
const empty = {
  bytes: isNot,
  sidecar: isNot,
  syncedBytes: [1],
  written: [1],
  synced: [1],
  staged: [],
  marks: [],
} as Disk
const starts: readonly Disk[] = [
  empty,
  // What a write left that was killed.
  { ...empty, sidecar: { now: 2, later: [none, 2] } },
  { ...empty, bytes: is as Name, sidecar: is as Name },
]
/** As by somebody's hand. */
const bytesAlone: Disk = { ...empty, bytes: is as Name }

test.each<[string, readonly Program[]]>([
  ['a put', [put]],
  ['two puts', [put, put]],
  ['a put and a removal', [put, removal]],
  ['two puts and a removal', [put, put, taking]],
  ['a put and two removals', [put, removal, removal]],
])('%s: whole or absent, after a power cut too', (_title, programs) => {
  for (const start of starts) {
    const { states, ...faults } = explore(programs, start)
    expect(states).toBeGreaterThan(2)
    expect(faults).toEqual({ half: 0, lost: 0, torn: 0 })
  }
  expect(explore(programs, bytesAlone)).toMatchObject({ lost: 0, torn: 0 })
})

const skipped: Step = disk => [[disk]]

test.each<[string, Program]>([
  ['does not fence off removals', { ...put, fenceOffRemovals: skipped }],
  [
    'does not sync its bytes',
    { ...put, syncFiles: (disk, _id, { file }) => [[{ ...disk, synced: add(disk.synced, file) }]] },
  ],
  [
    'does not sync its sidecar',
    { ...put, syncFiles: (disk, _id, { file }) => [[{ ...disk, syncedBytes: add(disk.syncedBytes, file) }]] },
  ],
  ['names its bytes before the folder is synced', { ...put, syncNames: skipped }],
  ['does not sync the folder at last', { ...put, syncLast: disk => [[disk, { ...to(put, 'done'), end: 'resolved' }]] }],
  ['does not sync what it finds', { ...put, syncFound: disk => [[disk, { end: 'resolved' }]] }],
  [
    'writes over a sidecar that is there',
    {
      ...put,
      nameSidecar: (disk, _id, { file }) => [[{ ...disk, sidecar: give(disk.sidecar, file) }, { named: true }]],
    },
  ],
  ['unlinks the name when it fails', { ...put, mark: disk => [[{ ...disk, sidecar: give(disk.sidecar, none) }]] }],
  ['takes the sidecar of others when it fails', { ...put, lookWhetherAlone: skipped }],
])('finds fault with a put that %s', (_title, faulty) => {
  const found = [[faulty], [faulty, faulty], [faulty, removal, removal], [faulty, faulty, taking]].some(programs =>
    starts.some(start => {
      const { half, lost, torn } = explore(programs, start)
      return half + lost + torn > 0
    }),
  )
  expect(found).toBe(true)
})

test('finds fault with a put that does not look for bytes without a sidecar', () => {
  expect(explore([{ ...put, lookForBytes: skipped }], bytesAlone).torn).toBeGreaterThan(0)
})
