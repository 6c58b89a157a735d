import { hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'

/** What is on the disk: paths below the folder, with bytes, or undefined for a folder. */
export type DiskState = ReadonlyMap<string, Uint8Array | undefined>

/** Most files are as they were one operation ago, and then the bytes are the same object. */
const digests = new WeakMap<Uint8Array, string>()

/** The same text for the same state. */
export function describeState(state: DiskState): string {
  const lines = [...state].map(([path, bytes]) => `${path} ${bytes === undefined ? '/' : digestOf(bytes)}`)
  return lines.sort().join('\n')
}

function digestOf(bytes: Uint8Array): string {
  const known = digests.get(bytes) ?? hash('sha256', bytes)
  digests.set(bytes, known)
  return known
}

/** Makes the folder, which must not be there, with the state in it. */
export function restoreState(state: DiskState, folder: string): void {
  mkdirSync(folder)
  for (const [path, file] of [...state].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (file === undefined) mkdirSync(folder + path)
    else writeFileSync(folder + path, file)
  }
}
