import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { linesOf } from '@lash/attachments-testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contended, meta } from '../children/bodies.ts'
import { newRoot } from '../root.ts'

/*
 * A model of the steps of unsynced-write.ts and removal.ts, explored in every interleaving; each actor may also stop
 * for ever before any step. There must never be bytes beside a sidecar that is not whole.
 */

interface Disk {
  readonly bytes: boolean
  /** Which writer's sidecar has the name: its number, and whether it is whole. */
  readonly sidecar: { readonly writer: number; readonly whole: boolean } | undefined
  readonly staged: readonly number[]
  readonly marks: readonly number[]
}

/** Returns the disk after a step, and the number of the next step where that is not the following one. */
type Step = (disk: Disk, id: number) => readonly [Disk, number?]

const unsyncedWrite: readonly Step[] = [
  (disk, id) => [{ ...disk, staged: [...disk.staged, id] }],
  disk => [{ ...disk, marks: [] }],
  // Makes the sidecar where there is none; otherwise puts a whole one in its place, which needs no writing afterwards.
  (disk, id) =>
    disk.sidecar === undefined
      ? [{ ...disk, sidecar: { writer: id, whole: false } }]
      : [{ ...disk, sidecar: { writer: id, whole: true } }, 4],
  // Nobody sees what is written to a file that has lost its name.
  (disk, id) => [disk.sidecar?.writer === id ? { ...disk, sidecar: { writer: id, whole: true } } : disk],
  (disk, id) =>
    disk.staged.includes(id)
      ? [{ ...disk, bytes: true, staged: disk.staged.filter(other => other !== id) }]
      : [disk, 0],
]

const removal: readonly Step[] = [
  (disk, id) => [{ ...disk, marks: [...disk.marks, id] }],
  disk => [{ ...disk, staged: [] }],
  disk => [{ ...disk, bytes: false }],
  (disk, id) => [disk.marks.includes(id) ? { ...disk, sidecar: undefined } : disk],
  (disk, id) => [{ ...disk, marks: disk.marks.filter(other => other !== id) }],
]

/** On a full disk: the bytes go first, without a mark. */
const removalWithoutRoom: readonly Step[] = [
  disk => [{ ...disk, bytes: false }],
  (disk, id) => [{ ...disk, marks: [...disk.marks, id] }],
  disk => [{ ...disk, staged: [] }],
  disk => (disk.bytes ? [disk, 5] : [disk]),
  (disk, id) => [disk.marks.includes(id) ? { ...disk, sidecar: undefined } : disk],
  (disk, id) => [{ ...disk, marks: disk.marks.filter(other => other !== id) }],
]

/** Explores everything. Returns the number of states, and how many of them have bytes without a whole sidecar. */
function explore(programs: readonly (readonly Step[])[], start: Disk): [states: number, broken: number] {
  const seen = new Set<string>()
  let broken = 0
  const visit = (disk: Disk, at: readonly number[]): void => {
    const key = JSON.stringify([disk, at])
    if (seen.has(key)) return
    seen.add(key)
    if (disk.bytes && disk.sidecar?.whole !== true) broken++
    for (const [id, program] of programs.entries()) {
      const here = at[id] as number
      const step = program[here]
      if (step === undefined) continue
      const [next, to = here + 1] = step(disk, id)
      visit(next, at.with(id, to))
    }
  }
  visit(
    start,
    programs.map(() => 0),
  )
  return [seen.size, broken]
}

const empty: Disk = { bytes: false, sidecar: undefined, staged: [], marks: [] }
const starts: readonly Disk[] = [
  empty,
  { ...empty, sidecar: { writer: -1, whole: false } },
  { ...empty, bytes: true, sidecar: { writer: -1, whole: true } },
]

describe('every interleaving', () => {
  test.each<[string, readonly (readonly Step[])[]]>([
    ['two writes and a removal', [unsyncedWrite, unsyncedWrite, removal]],
    ['a write and two removals', [unsyncedWrite, removal, removal]],
    ['two writes and a removal without room', [unsyncedWrite, unsyncedWrite, removalWithoutRoom]],
    ['a write and removals with and without room', [unsyncedWrite, removal, removalWithoutRoom]],
    ['two writes and two removals', [unsyncedWrite, unsyncedWrite, removal, removal]],
  ])('of %s: no bytes beside a sidecar that is not whole', (_title, programs) => {
    for (const start of starts) {
      const [states, broken] = explore(programs, start)
      expect(states).toBeGreaterThan(50)
      expect(broken).toBe(0)
    }
  })

  test('finds the fault when a sidecar that is there is written over', () => {
    const overwriting = unsyncedWrite.with(2, (disk, id) => [{ ...disk, sidecar: { writer: id, whole: false } }])
    const broken = starts.map(start => explore([overwriting, overwriting], start)[1])
    expect(Math.max(...broken)).toBeGreaterThan(0)
  })

  test('finds the fault when the write does not fence off removals', () => {
    const careless = unsyncedWrite.with(1, disk => [disk])
    const broken = starts.map(start => explore([careless, removal, removal], start)[1])
    expect(Math.max(...broken)).toBeGreaterThan(0)
  })
})

describe('without syncs', () => {
  let root: string
  let store: FileAttachmentStore
  const bytes = new TextEncoder().encode('kept nowhere else')
  const id = contentId(bytes)

  beforeEach(() => {
    root = newRoot()
    store = new FileAttachmentStore(root, { durability: 'relaxed' })
  })

  afterEach(() => store.close())

  const sidecarPath = (): string => join(root, 'sha256', id.slice(0, 2), `${id}.json`)

  test('processes put and delete the same bytes: each is whole or absent, always', async () => {
    const worker = new URL('../children/worker.ts', import.meta.url)
    await Promise.all([1, 2, 3, 4].map(() => linesOf(worker, ['churn', root, 'relaxed'])))
    for (const body of contended) {
      await store.put(body, meta)
      expect((await store.get(contentId(body))).bytes).toEqual(body)
      await store.delete(contentId(body))
    }
    const left = readdirSync(join(root, 'sha256'), { recursive: true }) as string[]
    expect(left.filter(name => name.length > 2)).toEqual([])
  })

  test('a put that cannot name its bytes leaves no sidecar and nothing staged', async () => {
    mkdirSync(join(root, 'sha256', id.slice(0, 2), id), { recursive: true })
    await expect(store.put(bytes, meta)).rejects.toMatchObject({ code: 'io' })
    rmSync(join(root, 'sha256', id.slice(0, 2), id), { recursive: true })
    const first = await store.stat(id)
    expect(first).toBeUndefined()
    await store.close()
    const staged = readdirSync(join(root, 'tmp'), { recursive: true })
    expect(staged).toEqual(['removing-reserve'])
  })

  test('folders that somebody removed are made again', async () => {
    await store.put(bytes, meta)
    rmSync(root, { recursive: true })
    await store.put(bytes, meta)
    expect((await store.get(id)).bytes).toEqual(bytes)
    expect(existsSync(sidecarPath())).toBe(true)
  })

  test('many small puts and gets let the event loop have its turn', async () => {
    let turns = 0
    let over = false
    const count = (): void => {
      turns++
      if (!over) setImmediate(count)
    }
    setImmediate(count)
    for (let left = 100_000; left > 0 && turns < 2; left--) {
      await store.put(bytes, meta)
      await store.get(id)
    }
    over = true
    expect(turns).toBeGreaterThan(1)
  })
})
