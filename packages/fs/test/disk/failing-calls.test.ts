import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { linesOf, newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'

test('a put that fails does so when none of its syncs is under way any more', async () => {
  const lines = await linesOf(new URL('../children/holds-sync.ts', import.meta.url), [newFolder()])
  expect(lines.map(line => JSON.parse(line))).toEqual([['nothing'], ['io']])
})

interface Outcome {
  readonly task: string
  readonly failed: string
  readonly first: string
  readonly second: string
  readonly root: string
  readonly tmp: readonly string[]
  readonly open: number
}

test.each([
  ['full', 'fast'],
  ['relaxed', 'fast'],
  ['full', 'slow'],
  ['relaxed', 'slow'],
])(
  '%s, %s disk: whichever file system call fails, it is an I/O error, the same works afterwards, and nothing stays',
  async (durability, disk) => {
    const child = new URL('../children/fails-at-calls.ts', import.meta.url)
    const outcomes = (await linesOf(child, [newFolder(), durability, disk])).map(line => JSON.parse(line) as Outcome)
    const inPlace = outcomes.filter(({ failed }) => failed.endsWith('Sync'))
    const [here, elsewhere] = [inPlace.length, outcomes.length - inPlace.length]
    expect(disk === 'fast' ? here : elsewhere).toBeGreaterThan(80)
    for (const { task, failed, first, second, root, tmp, open } of outcomes) {
      expect({ task, failed, first: first === 'fine' ? 'io' : first, second, open }).toEqual({
        task,
        failed,
        first: 'io',
        second: 'fine',
        open: 0,
      })
      // What could not be deleted stays until its process ends: a mark, or a spool file.
      if (tmp.some(name => name !== 'removing-reserve')) {
        expect(failed).toMatch(/^(unlink|rmdir)/)
        const next = new FileAttachmentStore(root)
        await next.put(new Uint8Array([9]), { mediaType: 'a/b' })
        await next.close()
        expect(readdirSync(join(root, 'tmp'))).toEqual(['removing-reserve'])
      }
    }
  },
)
