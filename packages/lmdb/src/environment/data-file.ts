import { closeSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'

/** Behind the header of the first page, whose length differs between LMDB's formats. */
const magic = 0xbeefc0de
const magicOffsets = [16, 24]

/**
 * `lmdb` ends the process when it opens a file of something else. A file without any bytes is one that is being made.
 * @throws Error when the file is there and is not LMDB's.
 */
export function checkDataFile(path: string): void {
  const header = new DataView(new ArrayBuffer(32))
  if (!isThere(path, header)) return
  if (magicOffsets.some(offset => header.getUint32(offset, endianness() === 'LE') === magic)) return
  throw new Error('its data.mdb is no file of LMDB, or the power was cut while it was made')
}

/** Whether the file has any bytes. Reads the first ones. */
function isThere(path: string, header: DataView): boolean {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  try {
    return readSync(descriptor, header) > 0
  } finally {
    closeSync(descriptor)
  }
}
