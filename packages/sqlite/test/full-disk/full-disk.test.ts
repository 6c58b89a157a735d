import { SmallDisk } from '@lash/attachments-testing'
import { describe, expect, test } from 'vitest'

const child = new URL('../children/fills-disk.ts', import.meta.url)

describe.each([
  ['tmpfs', 'mount -t tmpfs -o size=12m none disk'],
  ['ext4', 'truncate -s 16M image && mkfs.ext4 -q image && mount -o loop image disk'],
])('%s', (title, mount) => {
  const disk = new SmallDisk(mount)
  if (disk.obstacle !== undefined) console.log(`tests of a full ${title} skipped: ${disk.obstacle}`)

  test.skipIf(disk.obstacle !== undefined).each([
    ['ours', '16000', 'sweep'],
    ['ours', '300000', 'sweep'],
    ['ours', '300000', 'delete'],
    ['ours', '1200000', 'sweep'],
    ['guest', '300000', 'sweep'],
    ['guest', '300000', 'delete'],
  ])('%s, bodies of %s bytes: what is put fails clearly, %s frees room, and puts work again', async (...task) => {
    expect(await disk.run(child, task)).toEqual([
      ['full', 'no space left'],
      ['refused', 'no space left'],
      ['most of the disk', true],
      ['damaged', 0],
      ['left', 0],
      ['full again', 'no space left'],
      ['as many', true],
      ['integrity', 'ok'],
    ])
  })
})
