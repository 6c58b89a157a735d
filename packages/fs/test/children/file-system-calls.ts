import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setImmediate } from 'node:timers/promises'
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

/** So many turns of the event loop without a call are the end of what a store does in the background. */
const quietTurns = 50

/**
 * From now on, runs `before` ahead of every file system call of this thread. Returns a function that waits for the end
 * of what stores do in the background: after its first put, each sweeps. Its calls would come among others or not, as
 * the machine is busy.
 */
export function watchCalls(before: () => void): () => Promise<void> {
  let calls = 0
  // A store that is stopped would take its disk for a slow one, whose calls in the pool go on meanwhile.
  seemFast()
  for (const name of [...watched, ...watched.map(name => `${name}Sync` as const), 'fsync' as const]) {
    const original = fs[name] as (...args: unknown[]) => unknown
    Object.assign(fs, {
      [name](...args: unknown[]) {
        calls++
        before()
        return original(...args)
      },
    })
  }
  syncBuiltinESMExports()
  return async () => {
    for (let quiet = 0; quiet < quietTurns; ) {
      const callsBefore = calls
      await setImmediate()
      quiet = calls === callsBefore ? quiet + 1 : 0
    }
  }
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
