import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

let now = 0

/** From now on, the clock of this thread stands still, so no disk seems slow, whatever it is. */
export function seemFast(): void {
  performance.now = () => now
}

/** As {@link seemFast}, but every call on the calling thread takes 20 milliseconds of that clock. */
export function seemSlow(): void {
  new SeemingDisk().callMs = 20
}

/** As {@link seemFast}, until calls are to take long. Counts them, but for syncs, which no store makes in place. */
export class SeemingDisk {
  /** How much of that clock each call on the calling thread takes, in milliseconds. */
  callMs = 0
  callsInPlace = 0
  callsInPool = 0

  constructor() {
    seemFast()
    const inPlace = Object.keys(fs).filter(name => name.endsWith('Sync') && !name.startsWith('fsync'))
    for (const name of inPlace) {
      this.#before(name, () => {
        this.callsInPlace++
        now += this.callMs
      })
      this.#before(name.replace(/Sync$/, ''), () => this.callsInPool++)
    }
    syncBuiltinESMExports()
  }

  #before(name: string, count: () => void): void {
    const call = fs[name as keyof typeof fs] as ((...args: unknown[]) => unknown) | undefined
    if (call === undefined) return
    const counted = (...args: unknown[]): unknown => {
      count()
      return call(...args)
    }
    Object.assign(fs, { [name]: counted })
  }
}
