import { copyStore, verifyStore } from '@lash/attachments-core/maintenance'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { linesOf, newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { namesIn, put } from './stores.ts'

test('a copy that is killed is gone on with, and all is whole', async () => {
  const [source, target] = [newFolder(), newFolder()]
  await using from = new FileAttachmentStore(source, { durability: 'relaxed' })
  for (let seed = 0; seed < 60; seed++) await put(from, seed, seed % 40 === 0 ? 2 ** 20 + seed : 100 + seed, seed % 3)
  const copying = linesOf(new URL('children/dies-copying.ts', import.meta.url), [source, target])
  await expect(copying).rejects.toMatchObject({ signal: 'SIGKILL' })
  await using to = new FileAttachmentStore(target, { durability: 'relaxed' })
  const { length: there } = await namesIn(to)
  expect(there).toBeGreaterThanOrEqual(10)
  expect(there).toBeLessThan(20)
  expect((await verifyStore(to)).damaged).toEqual([])
  expect(await copyStore(from, to)).toMatchObject({ listedCount: 60, presentCount: there, failures: [] })
  expect(await namesIn(to)).toEqual(await namesIn(from))
  expect(await verifyStore(to)).toMatchObject({ checkedCount: 60, damaged: [] })
})
