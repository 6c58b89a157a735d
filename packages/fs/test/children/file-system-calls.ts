import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const watched = [
  'openSync',
  'writeSync',
  'closeSync',
  'writeFileSync',
  'readFileSync',
  'readdirSync',
  'statSync',
  'mkdirSync',
  'rmdirSync',
  'renameSync',
  'linkSync',
  'unlinkSync',
  'rmSync',
  'fsync',
] as const

/** Calls `before` ahead of every call of the file system that this thread makes from now on. */
export function watchCalls(before: () => void): void {
  for (const name of watched) {
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
