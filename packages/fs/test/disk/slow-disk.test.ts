import { linesOf, newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'

test.each(['full', 'relaxed'])(
  '%s: the calls to a disk that has become slow leave the calling thread, until it is fast again',
  async durability => {
    const child = new URL('../children/slow-disk.ts', import.meta.url)
    const lines = await linesOf(child, [newFolder(), durability])
    expect(lines.map(line => JSON.parse(line))).toEqual([
      ['fast', true],
      ['until it is noticed', true],
      ['reads', true],
      ['writes', true],
      ['one write', true],
      ['fast again', true],
      ['descriptors', 1000],
    ])
  },
)
