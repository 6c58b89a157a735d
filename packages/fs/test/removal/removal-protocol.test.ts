import { expect, test } from 'vitest'

/*
 * A model of the protocol in removal.ts, explored in every interleaving of its steps; each actor may also stop for ever
 * before any step. There must never be bytes without a sidecar, and once all actors have ended, no mark may be left.
 */

/** A disk with two blobs: name 0 and name 1. */
interface Disk {
  readonly bytes: boolean[]
  readonly sidecar: boolean[]
  /** Writers that have staged bytes, each with the name that the bytes are for. */
  readonly staged: Map<number, number>
  /** The folders of marks. */
  readonly marks: Set<string>
  /** The lists of marks, with the names on them. */
  readonly lists: Map<string, readonly number[]>
}

/** What one actor knows. */
interface Memory {
  /** What a write has found: the marks that cover its name. */
  found: string[]
  /** What a removal has left: the names whose sidecars it could not take. */
  readonly left: number[]
}

interface Actor {
  readonly id: number
  readonly program: readonly Step[]
  readonly memory: Memory
  /** The next step. */
  readonly at: number
}

/** Returns the number of the next step, or nothing for the following one. */
type Step = (disk: Disk, id: number, memory: Memory) => number | undefined

/**
 * A mark of one name has the name in that of its folder, so folder and list are one. An actor may make several in turn.
 */
const markOfOne = (id: number, name: number, purpose: string): string => `${id} ${purpose} of ${name}`

function deleteFolder(disk: Disk, mark: string): void {
  disk.marks.delete(mark)
  if (mark.includes(' of ')) disk.lists.delete(mark)
}

const write = (name: number): readonly Step[] => [
  (disk, id) => void disk.staged.set(id, name),
  (disk, _id, memory) => {
    memory.found = [...disk.lists.keys()].filter(mark => disk.lists.get(mark)?.includes(name))
    return undefined
  },
  (disk, _id, memory) => {
    for (const mark of memory.found) deleteFolder(disk, mark)
    return undefined
  },
  (disk, _id, memory) => {
    for (const mark of memory.found) disk.lists.delete(mark)
    return undefined
  },
  (disk, _id, memory) => {
    disk.sidecar[name] = true
    memory.found = []
    return undefined
  },
  (disk, id) => {
    // The rename of a staged file that is gone fails, and the write starts again.
    if (!disk.staged.delete(id)) return 0
    disk.bytes[name] = true
    return undefined
  },
]

/** A removal with a list, without its second part: what a write has fenced off is left. */
const batch = (...names: number[]): readonly Step[] => [
  (disk, id) => void disk.marks.add(`${id}`),
  (disk, id) => void disk.lists.set(`${id}`, names),
  disk => {
    for (const [writer, name] of disk.staged) if (names.includes(name)) disk.staged.delete(writer)
    return undefined
  },
  ...names.map((name): Step => {
    return disk => {
      disk.bytes[name] = false
      return undefined
    }
  }),
  ...names.map((name): Step => {
    return (disk, id, memory) => {
      // The rename into a mark that is gone fails, and the sidecar stays.
      if (disk.marks.has(`${id}`)) disk.sidecar[name] = false
      else memory.left.push(name)
      return undefined
    }
  }),
  (disk, id) => void disk.marks.delete(`${id}`),
  (disk, id) => void disk.lists.delete(`${id}`),
]

/** A mark of one name, and the steps under it. */
const underMark = (name: number, purpose: string, ...steps: Step[]): readonly Step[] => [
  (disk, id) => {
    disk.marks.add(markOfOne(id, name, purpose))
    disk.lists.set(markOfOne(id, name, purpose), [name])
    return undefined
  },
  disk => {
    for (const [writer, staged] of disk.staged) if (staged === name) disk.staged.delete(writer)
    return undefined
  },
  ...steps,
  (disk, id, memory) => {
    if (disk.marks.has(markOfOne(id, name, purpose))) disk.sidecar[name] = false
    else memory.left.push(name)
    return undefined
  },
  (disk, id) => void deleteFolder(disk, markOfOne(id, name, purpose)),
]

/** A removal of one name, without its second part. */
const single = (name: number): readonly Step[] =>
  underMark(name, 'removal', disk => {
    disk.bytes[name] = false
    return undefined
  })

/** After a write that failed with its sidecar named, after a crashed write, and for what a removal has left. */
const discard = (name: number, from = 0): readonly Step[] =>
  underMark(name, 'discard', disk => (disk.bytes[name] ? from + 4 : undefined))

/** The same, if the removal has left the name. */
const discardLeft = (name: number, from: number): readonly Step[] => [
  (_disk, _id, memory) => (memory.left.includes(name) ? undefined : from + 6),
  ...discard(name, from + 1),
]

const removal = (...names: number[]): readonly Step[] => {
  const steps = [...batch(...names)]
  for (const name of names) steps.push(...discardLeft(name, steps.length))
  return steps
}

const removalOfOne = (name: number): readonly Step[] => [...single(name), ...discardLeft(name, 5)]

/** On a full disk: the bytes go first, without a mark. */
const removalWithoutRoom = (...names: number[]): readonly Step[] => {
  const steps: Step[] = []
  for (const name of names) {
    steps.push(disk => {
      disk.bytes[name] = false
      return undefined
    })
    steps.push(...discard(name, steps.length))
  }
  return steps
}

interface Outcome {
  states: number
  /** States in which some bytes have no sidecar. */
  broken: number
  /** States in which all actors have ended and a mark is left. */
  marked: number
}

/** Explores every interleaving. */
function explore(programs: readonly (readonly Step[])[], start: Pick<Disk, 'bytes' | 'sidecar'>): Outcome {
  const seen = new Set<string>()
  const outcome: Outcome = { states: 0, broken: 0, marked: 0 }
  const visit = (disk: Disk, actors: readonly Actor[]): void => {
    // A writer always stages the same name, and a mark always lists the same names.
    const key = [
      disk.bytes,
      disk.sidecar,
      [...disk.staged.keys()].sort(),
      [...disk.marks].sort(),
      [...disk.lists.keys()].sort(),
      ...actors.map(({ at, memory }) => `${at},${memory.found},${memory.left}`),
    ].join('|')
    if (seen.has(key)) return
    seen.add(key)
    outcome.states++
    if (disk.bytes.some((there, name) => there && !disk.sidecar[name])) outcome.broken++
    const haveEnded = actors.every(({ program, at }) => at === program.length)
    if (haveEnded && disk.marks.size + disk.lists.size > 0) outcome.marked++
    for (const [index, actor] of actors.entries()) {
      const step = actor.program[actor.at]
      if (step === undefined) continue
      const next: Disk = {
        bytes: [...disk.bytes],
        sidecar: [...disk.sidecar],
        staged: new Map(disk.staged),
        marks: new Set(disk.marks),
        lists: new Map(disk.lists),
      }
      const memory = { found: [...actor.memory.found], left: [...actor.memory.left] }
      const at = step(next, actor.id, memory) ?? actor.at + 1
      visit(next, actors.with(index, { ...actor, memory, at }))
    }
  }
  const actors = programs.map((program, id) => ({ id, program, memory: { found: [], left: [] }, at: 0 }))
  visit({ ...start, staged: new Map(), marks: new Set(), lists: new Map() }, actors)
  return outcome
}

/** Both blobs in the same state. */
const starts = [
  { bytes: [false, false], sidecar: [false, false] },
  { bytes: [false, false], sidecar: [true, true] },
  { bytes: [true, true], sidecar: [true, true] },
]

test.each<[string, readonly (readonly Step[])[]]>([
  ['a write and a removal', [write(0), removal(0)]],
  ['two writes and two removals', [write(0), write(0), batch(0), batch(0)]],
  ['a write and three removals', [write(0), batch(0), batch(0), batch(0)]],
  ['two writes, a removal and a discard', [write(0), write(0), batch(0), discard(0)]],
  ['writes of two names and a removal of both', [write(0), write(1), removal(0, 1)]],
  ['two writes of a name and a removal of two', [write(0), write(0), removal(0, 1)]],
  ['a write and two removals that take up what they left', [write(0), removal(0), removal(0)]],
  ['a write and two removals of two names', [write(0), removal(0, 1), removal(1, 0)]],
  ['a write and two removals, of two names and of one', [write(0), removal(0, 1), removal(0)]],
  ['a write and two removals of one name', [write(0), removalOfOne(0), removalOfOne(0)]],
  ['two writes, a removal of one name and a discard', [write(0), write(0), single(0), discard(0)]],
  ['a write and removals of one name and of two', [write(0), removalOfOne(0), removal(0, 1)]],
  ['two writes and a removal without room', [write(0), write(0), removalWithoutRoom(0, 1)]],
  ['a write, a removal without room and one of one name', [write(0), removalWithoutRoom(0), removalOfOne(0)]],
  ['a write, a removal without room and one of two names', [write(0), removalWithoutRoom(0, 1), removal(1, 0)]],
])('%s: no interleaving leaves bytes without a sidecar', (_title, programs) => {
  for (const start of starts) {
    const { states, broken, marked } = explore(programs, start)
    expect(states).toBeGreaterThan(20)
    expect({ broken, marked }).toEqual({ broken: 0, marked: 0 })
  }
})

const nothing: Step = () => undefined

function inOrder(steps: readonly Step[], ...order: number[]): readonly Step[] {
  return order.map(index => steps[index] as Step)
}

test.each<[string, readonly (readonly Step[])[]]>([
  ['the write does not fence off removals', [write(0).with(2, nothing), removal(0), removal(0)]],
  ['the removal does not fence off writes', [write(0), removal(0).with(2, nothing), removal(0).with(2, nothing)]],
  [
    'the write fences off removals after it has named the sidecar',
    [inOrder(write(0), 0, 4, 1, 2, 3, 5), removal(0), removal(0)],
  ],
  [
    'the removal takes the sidecar before the bytes',
    [write(0), inOrder(batch(0), 0, 1, 2, 4, 3, 5, 6), inOrder(batch(0), 0, 1, 2, 4, 3, 5, 6)],
  ],
  ['the removal makes its list before its mark', [write(0), write(0), inOrder(batch(0), 1, 0, 2, 3, 4, 5, 6)]],
  [
    'the write deletes the list before the mark',
    [inOrder(write(0), 0, 1, 3, 2, 4, 5), inOrder(write(0), 0, 1, 3, 2, 4, 5), removal(0)],
  ],
  [
    'a removal without room takes sidecars without looking for bytes',
    [write(0), removalWithoutRoom(0).with(3, nothing), removalWithoutRoom(0).with(3, nothing)],
  ],
  [
    'a removal without room does not mark the name',
    [
      write(0),
      removalWithoutRoom(0)
        .with(1, nothing)
        .with(4, disk => {
          disk.sidecar[0] = false
          return undefined
        }),
    ],
  ],
  ['a removal of one name takes the sidecar before the bytes', [write(0), inOrder(single(0), 0, 1, 3, 2, 4)]],
])('the exploration finds the fault when %s', (_title, programs) => {
  const broken = starts.map(start => explore(programs, start).broken)
  expect(Math.max(...broken)).toBeGreaterThan(0)
})
