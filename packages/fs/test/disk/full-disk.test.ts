import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/*
 * Small disks that really are full. Each is mounted in a namespace of its own process, and disappears with it.
 */

const child = fileURLToPath(new URL('../children/fills-disk.ts', import.meta.url))
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attachments-fs-full-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function cannotMount(prepare: string): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux'
  const at = mkdtempSync(join(tmpdir(), 'attachments-fs-mount-'))
  try {
    const { status, stderr } = inOwnMounts(at, `${prepare} && true`)
    return status === 0 ? undefined : `this process may not mount: ${stderr.toString().trim()}`
  } finally {
    rmSync(at, { recursive: true })
  }
}

function inOwnMounts(at: string, script: string) {
  mkdirSync(join(at, 'disk'))
  return spawnSync('unshare', ['--mount', 'sh', '-c', script], { cwd: at })
}

describe.each([
  ['tmpfs without blocks', 'mount -t tmpfs -o size=1m none disk'],
  ['tmpfs without inodes', 'mount -t tmpfs -o size=64m,nr_inodes=70 none disk'],
  ['ext4 without blocks', 'truncate -s 8M image && mkfs.ext4 -q image && mount -o loop image disk'],
  ['ext4 without inodes', 'truncate -s 8M image && mkfs.ext4 -q -N 80 image && mount -o loop image disk'],
])('%s', (title, prepare) => {
  const obstacle = cannotMount(prepare)
  if (obstacle !== undefined) console.log(`tests of ${title} skipped: ${obstacle}`)

  test.skipIf(obstacle !== undefined).each(['one', 'each', 'many'])(
    'what is deleted (%s) gives its room to the next put',
    async task => {
      mkdirSync(join(folder, 'disk'))
      const { stdout } = await promisify(execFile)(
        'unshare',
        ['--mount', 'sh', '-c', `${prepare} && exec "$0" "$@"`, process.execPath, child, 'disk', task],
        { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' } },
      )
      expect(
        stdout
          .trim()
          .split('\n')
          .map(line => JSON.parse(line)),
      ).toEqual([
        ['refused', true],
        ['removed', 'fine'],
        ['again', 'fine'],
        ['files', 0, 0],
        ['tmp', 'removing-reserve'],
      ])
    },
  )
})
