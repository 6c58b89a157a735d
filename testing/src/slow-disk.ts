import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const slowed = [
  'open',
  'read',
  'write',
  'stat',
  'fstat',
  'fchmod',
  'close',
  'rename',
  'link',
  'unlink',
  'mkdir',
  'rmdir',
  'readdir',
  'readFile',
  'writeFile',
] as const

/** A disk that takes long for whatever is not a sync, in this process. Counts the calls. */
export class SlowDisk {
  /** How long each call takes, in milliseconds. */
  delayMs = 0
  /** Those that the main thread waited for. */
  callsInPlace = 0
  callsInPool = 0

  constructor() {
    const clock = new Int32Array(new SharedArrayBuffer(4))
    for (const name of slowed) {
      const later = fs[name] as (...args: unknown[]) => unknown
      const now = fs[`${name}Sync`] as (...args: unknown[]) => unknown
      Object.assign(fs, {
        [name]: (...args: unknown[]) => {
          this.callsInPool++
          if (this.delayMs > 0) setTimeout(later, this.delayMs, ...args)
          else later(...args)
        },
        [`${name}Sync`]: (...args: unknown[]) => {
          this.callsInPlace++
          if (this.delayMs > 0) Atomics.wait(clock, 0, 0, this.delayMs)
          return now(...args)
        },
      })
    }
    syncBuiltinESMExports()
  }
}
