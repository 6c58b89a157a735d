import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What a folder holds, as anybody sees it who looks with `ls`. */
export interface StoredFiles {
  files: number
  bytes: number
  /** Changes when any file is added, replaced, written or deleted. */
  state: string
}

/** Looks at the files of the store behind its back: what it says of itself proves little. */
export async function storedFiles(root: string): Promise<StoredFiles> {
  const found: StoredFiles = { files: 0, bytes: 0, state: '' }
  const states: string[] = []
  for (const path of await pathsOf(root)) {
    const { size, mtimeNs, ino } = await stat(path, { bigint: true })
    found.files++
    found.bytes += Number(size)
    states.push(`${path} ${size} ${mtimeNs} ${ino}`)
  }
  return { ...found, state: states.sort().join('\n') }
}

/** Whether any file of the store has the id in its name. */
export async function holdsFileOf(root: string, id: string): Promise<boolean> {
  return (await pathsOf(root)).some(path => path.includes(id))
}

async function pathsOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
