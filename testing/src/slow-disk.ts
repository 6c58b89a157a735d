import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const slowed = ['open', 'read', 'stat', 'fstat', 'close'] as const

/** A disk that takes long for whatever reads, in this process. Counts the calls that the main thread waited for. */
export class SlowDisk {
  /** How long each call takes, in milliseconds. */
  delayMs = 0
  callsInPlace = 0

  constructor() {
    const clock = new Int32Array(new SharedArrayBuffer(4))
    for (const name of slowed) {
      const later = fs[name] as (...args: unknown[]) => unknown
      const now = fs[`${name}Sync`] as (...args: unknown[]) => unknown
      Object.assign(fs, {
        [name]: (...args: unknown[]) => {
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
