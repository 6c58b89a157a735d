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

test.skipIf(process.platform === 'win32').each(['full', 'relaxed'])(
  '%s: on a slow disk, a great many calls at once open few files, and those that wait for their turn can be aborted',
  async durability => {
    const child = new URL('../children/many-at-once.ts', import.meta.url)
    const under = ['sh', '-c', 'ulimit -n 200 && exec "$0" "$@"']
    const lines = await linesOf(child, [newFolder(), durability], { under })
    expect(lines.map(line => JSON.parse(line))).toEqual([
      ['fast disk', [true]],
      ['small gets', [true]],
      ['big gets', [true]],
      ['ranges', [true]],
      ['stats', [true]],
      ['puts', [true]],
      ['deletes', [true]],
      ['get', 'aborted'],
      ['stat', 'aborted'],
      ['put', 'aborted'],
      ['delete', 'aborted'],
      ['closed'],
    ])
  },
)
