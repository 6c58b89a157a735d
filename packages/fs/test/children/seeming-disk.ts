import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

let now = 0

/** From now on, the clock of this thread stands still, so no disk seems slow, whatever it is. */
export function seemFast(): void {
  performance.now = () => now
}

/** As {@link seemFast}, but every call on the calling thread takes 20 milliseconds of that clock. */
export function seemSlow(): void {
  seemFast()
  const calls = Object.entries(fs).filter(([name]) => name.endsWith('Sync')) as [
    string,
    (...args: unknown[]) => unknown,
  ][]
  for (const [name, call] of calls) {
    Object.assign(fs, {
      [name](...args: unknown[]) {
        now += 20
        return call(...args)
      },
    })
  }
  syncBuiltinESMExports()
}
