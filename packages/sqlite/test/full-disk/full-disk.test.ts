import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { newFolder } from '../folder.ts'

/*
 * Small disks that really are full. Each is mounted in a namespace of its own process, and disappears with it.
 */

const child = fileURLToPath(new URL('../children/fills-disk.ts', import.meta.url))

function cannotMount(prepare: string): string | undefined {
  if (process.platform !== 'linux') return 'this is not Linux'
  const at = mkdtempSync(join(tmpdir(), 'attachments-sqlite-mount-'))
  try {
    mkdirSync(join(at, 'disk'))
    const { status, stderr } = spawnSync('unshare', ['--mount', 'sh', '-c', `${prepare} && true`], { cwd: at })
    return status === 0 ? undefined : `this process may not mount: ${stderr?.toString().trim()}`
  } finally {
    rmSync(at, { recursive: true })
  }
}

describe.each([
  ['tmpfs', 'mount -t tmpfs -o size=12m none disk'],
  ['ext4', 'truncate -s 16M image && mkfs.ext4 -q image && mount -o loop image disk'],
])('%s', (title, prepare) => {
  const obstacle = cannotMount(prepare)
  if (obstacle !== undefined) console.log(`tests of a full ${title} skipped: ${obstacle}`)

  test.skipIf(obstacle !== undefined).each([
    ['ours', '16000', 'sweep'],
    ['ours', '300000', 'sweep'],
    ['ours', '300000', 'delete'],
    ['ours', '1200000', 'sweep'],
    ['guest', '300000', 'sweep'],
    ['guest', '300000', 'delete'],
  ])(
    '%s, bodies of %s bytes: what is put fails clearly, %s frees room, and puts work again',
    async (...task) => {
      const cwd = await newFolder()
      mkdirSync(join(cwd, 'disk'))
      const { stdout } = await promisify(execFile)(
        'unshare',
        ['--mount', 'sh', '-c', `${prepare} && exec "$0" "$@"`, process.execPath, child, 'disk', ...task],
        { cwd, env: { ...process.env, NODE_OPTIONS: '' } },
      )
      const told = stdout.trim().split('\n')
      expect(told.map(line => JSON.parse(line))).toEqual([
        ['full', 'no space left'],
        ['refused', 'no space left'],
        ['most of the disk', true],
        ['damaged', 0],
        ['left', 0],
        ['full again', 'no space left'],
        ['as many', true],
        ['integrity', 'ok'],
      ])
    },
    180_000,
  )
})
