import { linesOf, newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'

test('reads from a disk that has become slow leave the calling thread, until it is fast again', async () => {
  const lines = await linesOf(new URL('../children/reads-slow-disk.ts', import.meta.url), [newFolder()])
  expect(lines.map(line => JSON.parse(line))).toEqual([
    ['fast', true],
    ['until it is noticed', true],
    ['noticed', 0],
    ['fast again', true],
    ['descriptors', 1000],
  ])
})
