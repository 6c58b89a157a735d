/** For programs that tests start. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export { sampleBytes } from './sample-bytes.ts'

/** Prints the values as a line of JSON, at once. */
export function say(...values: unknown[]): void {
  writeSync(1, `${JSON.stringify(values)}\n`)
}

/** Takes whatever room is left on the disk of a folder, of blocks or of inodes. */
export function fillUp(folder: string): void {
  for (let length = 65_536; length >= 1; length = Math.floor(length / 2)) {
    try {
      for (let count = 0; ; count++) {
        const descriptor = openSync(join(folder, `filler-${length}-${count}`), 'wx')
        try {
          writeSync(descriptor, new Uint8Array(length))
        } finally {
          closeSync(descriptor)
        }
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
}
