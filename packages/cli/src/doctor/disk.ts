import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import prettyBytes from 'pretty-bytes'
import { type Finding, finding } from './finding.ts'
import { messageOf } from './message-of.ts'

const GiB = 1024 ** 3

/** Numbers of `statfs` on Linux, from its `linux/magic.h` and the sources of file systems that are not in it. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
  [0x00c36400, 'CephFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
])
const memoryFileSystems: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
])
const overlay = 0x794c7630
const fuse = 0x65735546

/**
 * What keeps a folder from holding attachments, or will do so. Looks at the folder or, where there is none yet, at the
 * first one above it that is there.
 */
export async function examineFolder(folder: string): Promise<Finding[]> {
  try {
    const place = await existing(resolve(folder))
    const { type, bsize, blocks, bavail, files, ffree } = await statfs(place)
    return [
      await rights(place),
      fileSystemFinding(place, type >>> 0),
      spaceFinding('space', place, { free: bavail * bsize, total: blocks * bsize }),
      inodes(place, files, ffree),
    ]
  } catch (error) {
    return [finding('problem', 'folder', messageOf(error), 'give the path of a folder that this process may use')]
  }
}

async function existing(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && dirname(path) !== path) return undefined
    throw error
  })
  return found === undefined ? existing(dirname(path)) : path
}

async function rights(place: string): Promise<Finding> {
  try {
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK)
    return finding('ok', 'rights', `this process may read and write ${place}`)
  } catch (error) {
    return finding('problem', 'rights', messageOf(error), `chown or chmod ${place} for the user of the hosts`)
  }
}

/** What a file system of that number, of `statfs` on Linux, means for a store. Other systems have other numbers. */
export function fileSystemFinding(place: string, type: number, platform: string = process.platform): Finding {
  const check = 'file system'
  if (platform !== 'linux') return finding('note', check, `not looked at on ${platform}`)
  const network = networkFileSystems.get(type)
  if (network !== undefined) {
    return finding(
      'problem',
      check,
      `${place} is on ${network}, a network file system`,
      'keep SQLite and LMDB on a local disk; a store in a folder needs renames and syncs that the server honours: ' +
        'use S3 or PostgreSQL for several machines',
    )
  }
  const memory = memoryFileSystems.get(type)
  if (memory !== undefined) {
    return finding(
      'warning',
      check,
      `${place} is on ${memory}, in memory`,
      'keep what should survive a restart on a disk',
    )
  }
  if (type === overlay) {
    return finding(
      'warning',
      check,
      `${place} is in the layer of a container`,
      'mount a volume: the layer goes with it',
    )
  }
  if (type === fuse) {
    const advice = 'make sure that it honours fsync, rename and locks, and is no network file system'
    return finding('note', check, `${place} is on a file system in user space (FUSE)`, advice)
  }
  return finding('ok', check, `${place} is on a local file system`)
}

/** Warns below 1 GiB, and below a twentieth of the whole up to 20 GiB. */
export function spaceFinding(check: string, place: string, { free, total }: { free: number; total: number }): Finding {
  const message = `${prettyBytes(free, { binary: true })} of ${prettyBytes(total, { binary: true })} are free at ${place}`
  if (free >= Math.max(GiB, Math.min(total / 20, 20 * GiB))) return finding('ok', check, message)
  return finding('warning', check, message, 'make room: on a full disk puts fail, and reads and sweeps go on')
}

/** File systems that make inodes as they need them tell 0. */
function inodes(place: string, total: number, free: number): Finding {
  const check = 'inodes'
  if (total === 0 || free >= total / 20) return finding('ok', check, `there is room for more files at ${place}`)
  const advice = 'make a file system with more inodes: a store in a folder needs two for each blob'
  return finding('warning', check, `${free} of ${total} inodes are free at ${place}`, advice)
}
