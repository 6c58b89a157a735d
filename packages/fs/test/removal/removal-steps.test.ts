import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { linesOf, newFolder } from '@lash/attachments-testing'
import { beforeEach, expect, test } from 'vitest'
import { meta } from '../children/bodies.ts'
import { outcomeOf, type PairTask, pair } from '../children/pair.ts'

/*
 * The real code of the protocol that removal-protocol.test.ts explores as a model: stopped before each of its file
 * system calls while another store does all of its work, and killed before each.
 */

let folder: string

beforeEach(() => {
  folder = newFolder()
})

function run(child: string, ...args: string[]): Promise<string[]> {
  return linesOf(new URL(`../children/${child}.ts`, import.meta.url), args)
}

const pathOf = (bytes: Uint8Array): string => {
  const id = contentId(bytes)
  return join('sha256', id.slice(0, 2), id)
}

/** The files of the blobs that are whole. */
const filesOf = (outcomes: readonly string[]): string[] =>
  pair.flatMap((bytes, index) => (outcomes[index] === 'whole' ? [pathOf(bytes), `${pathOf(bytes)}.json`] : [])).sort()

test.each<['full' | 'relaxed', PairTask, PairTask, string]>([
  ['full', 'remove both', 'put the first', 'whole or absent'],
  ['relaxed', 'remove both', 'put the first', 'whole or absent'],
  ['full', 'put the first', 'remove both', 'whole or absent'],
  ['relaxed', 'put the first', 'remove both', 'whole or absent'],
  ['full', 'put the first', 'put the first', 'whole'],
  ['relaxed', 'put the first', 'put the first', 'whole'],
  ['full', 'remove both', 'remove the first', 'absent'],
  ['full', 'remove both', 'remove both', 'absent'],
  ['full', 'remove both without room', 'put the first', 'whole or absent'],
  ['relaxed', 'remove both without room', 'put the first', 'whole or absent'],
  ['relaxed', 'put the first', 'remove both without room', 'whole or absent'],
  ['relaxed', 'remove both without room', 'remove both', 'absent'],
])('%s: "%s", with "%s" before any of its calls: the first is %s, and nothing else stays', async (...given) => {
  const [durability, task, other, expected] = given
  const lines = await run('stops-at-calls', folder, durability, task, other)
  expect(lines.length).toBeGreaterThan(8)
  const firsts = new Set<string>()
  for (const [index, line] of lines.entries()) {
    const [first, second, ...files] = JSON.parse(line) as [string, string, ...string[]]
    firsts.add(first === 'not_found' ? 'absent' : first)
    expect({ index, second, files }).toEqual({ index, second: 'not_found', files: filesOf([first, second]) })
  }
  for (const first of firsts) expect(expected.split(' or ')).toContain(first)
})

test.each<['full' | 'relaxed', PairTask]>([
  ['full', 'remove both'],
  ['relaxed', 'remove both without room'],
  ['full', 'put the first'],
  ['relaxed', 'put the first'],
])(
  '%s: "%s", killed before any of its calls: whole or absent, and the next store sweeps the rest',
  async (...given) => {
    const [durability, task] = given
    const original = join(folder, 'original')
    const copies = join(folder, 'copies')
    for (const made of [original, copies]) mkdirSync(made)
    const before = new FileAttachmentStore(original, { durability: 'relaxed' })
    if (task !== 'put the first') for (const bytes of pair) await before.put(bytes, meta)
    await before.close()
    await expect(run('copies-at-calls', original, copies, durability, task)).rejects.toMatchObject({
      signal: 'SIGKILL',
    })
    const calls = readdirSync(copies).length
    expect(calls).toBeGreaterThan(8)
    for (let call = 1; call <= calls; call++) {
      const root = join(copies, String(call))
      const outcomes = await outcomeOf(root)
      for (const outcome of outcomes) expect(['whole', 'not_found']).toContain(outcome)

      const next = new FileAttachmentStore(root, { durability: 'relaxed' })
      const another = new Uint8Array([call])
      await next.put(another, meta)
      await next.close()
      expect(readdirSync(join(root, 'tmp'))).toEqual(['removing-reserve'])
      const files = (readdirSync(join(root, 'sha256'), { recursive: true }) as string[]).map(name =>
        join('sha256', name),
      )
      const ofAnother = [pathOf(another), `${pathOf(another)}.json`]
      const left = files.filter(name => name.length > 10 && !ofAnother.includes(name)).sort()
      // Without room there is no mark at first: a removal killed after the bytes may leave one sidecar that nothing
      // tells of.
      const alone = left.filter(name => name.endsWith('.json') && !left.includes(name.slice(0, -5)))
      expect(alone.length).toBeLessThanOrEqual(task === 'remove both without room' ? 1 : 0)
      expect(left.filter(name => !alone.includes(name))).toEqual(filesOf(outcomes))
    }
  },
)
