import { SmallDisk } from '@lash/attachments-testing'
import { describe, expect, test } from 'vitest'

const child = new URL('../children/fills-disk.ts', import.meta.url)

describe.each([
  ['tmpfs without blocks', 'mount -t tmpfs -o size=1m none disk'],
  ['tmpfs without inodes', 'mount -t tmpfs -o size=64m,nr_inodes=70 none disk'],
  ['ext4 without blocks', 'truncate -s 8M image && mkfs.ext4 -q image && mount -o loop image disk'],
  ['ext4 without inodes', 'truncate -s 8M image && mkfs.ext4 -q -N 80 image && mount -o loop image disk'],
])('%s', (title, mount) => {
  const disk = new SmallDisk(mount)
  if (disk.obstacle !== undefined) console.log(`tests of ${title} skipped: ${disk.obstacle}`)

  test.skipIf(disk.obstacle !== undefined).each(['one', 'each', 'many'])(
    'what is deleted (%s) gives its room to the next put',
    async task => {
      expect(await disk.run(child, [task])).toEqual([
        ['refused', true],
        ['removed', 'fine'],
        ['again', 'fine'],
        ['files', 0, 0],
        ['tmp', 'removing-reserve'],
      ])
    },
  )
})
