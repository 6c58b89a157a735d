import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { filesOf, type ProjectOptions } from './project.ts'

const namePattern = /^[a-z][a-z0-9._-]{0,99}$/

/**
 * Writes a new project into the folder, which is made when it is not there. Nothing is ever overwritten.
 * @throws Error when no package can have the name, or when there is something in the folder.
 */
export async function writeProject(folder: string, project: ProjectOptions): Promise<void> {
  const { name } = project
  if (!namePattern.test(name)) {
    throw new Error(`${name} cannot be the name of the package: a letter, then at most 99 of a-z, 0-9, dot, dash and _`)
  }
  await mkdir(folder, { recursive: true })
  const [found] = await readdir(folder)
  if (found !== undefined) throw new Error(`${folder} is not empty: ${found} is there`)
  for (const [path, text] of filesOf(project)) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' })
  }
}
