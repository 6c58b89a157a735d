import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { seemFast } from './seeming-disk.ts'

const watched = [
  'open',
  'write',
  'close',
  'writeFile',
  'readFile',
  'readdir',
  'stat',
  'mkdir',
  'rmdir',
  'rename',
  'link',
  'unlink',
  'rm',
] as const

/** From now on, runs `before` ahead of every file system call of this thread. */
export function watchCalls(before: () => void): void {
  // A store that is stopped would take its disk for a slow one, whose calls in the pool go on meanwhile.
  seemFast()
  for (const name of [...watched, ...watched.map(name => `${name}Sync` as const), 'fsync' as const]) {
    const original = fs[name] as (...args: unknown[]) => unknown
    Object.assign(fs, {
      [name](...args: unknown[]) {
        before()
        return original(...args)
      },
    })
  }
  syncBuiltinESMExports()
}

/** From now on, folder sync number `when` fails, and syncs nothing. Returns a function that tells the folder's path. */
export function failFolderSync(when: number): () => string | undefined {
  const fsync = fs.fsync
  let left = when
  let failed: string | undefined
  Object.assign(fs, {
    fsync(descriptor: number, callback: (error: Error | null) => void) {
      if (fs.fstatSync(descriptor).isDirectory()) left--
      if (left !== 0 || failed !== undefined) return fsync(descriptor, callback)
      failed = fs.readlinkSync(`/proc/self/fd/${descriptor}`)
      return process.nextTick(callback, Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }))
    },
  })
  syncBuiltinESMExports()
  return () => failed
}

/** From now on, each sync of this thread of a path that is to fail does so, and syncs nothing. */
export function failSyncs(isToFail: (path: string) => boolean): void {
  const fsync = fs.fsync
  Object.assign(fs, {
    fsync(descriptor: number, callback: (error: Error | null) => void) {
      if (!isToFail(fs.readlinkSync(`/proc/self/fd/${descriptor}`))) return fsync(descriptor, callback)
      process.nextTick(callback, Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }))
    },
  })
  syncBuiltinESMExports()
}

/** From now on, this thread finds no room for files that are written in one call, as the lists of removals are. */
export function refuseLists(): void {
  // Where the disk seems slow, they are written in the pool.
  seemFast()
  const writeFileSync = (path: string): never => {
    throw Object.assign(new Error(`ENOSPC: no space left on device, open '${path}'`), { code: 'ENOSPC' })
  }
  Object.assign(fs, { writeFileSync })
  syncBuiltinESMExports()
}
