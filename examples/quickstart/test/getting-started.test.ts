import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..', '..')
const guide = await readFile(join(root, 'docs', 'guides', 'getting-started.md'), 'utf8')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'getting-started-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Blocks of the guide in a language, one after the other. */
function blocks(language: string): string {
  const found = guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))
  return [...found].map(([, block]) => block).join('\n')
}

/** What `npm install` would bring, from the work tree. */
async function install(): Promise<void> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@lash'), { recursive: true })
  for (const name of ['core', 'fs', 'sqlite']) {
    await symlink(join(root, 'packages', name), join(modules, '@lash', `attachments-${name}`), 'junction')
  }
  const sqlite = join(root, 'packages', 'sqlite', 'node_modules', 'better-sqlite3')
  await symlink(sqlite, join(modules, 'better-sqlite3'), 'junction')
}

test('the guide to getting started runs as it stands and prints what it says', async () => {
  await install()
  for (const name of ['evening-lake.png', 'weather.csv']) {
    await copyFile(join(import.meta.dirname, '..', 'files', name), join(folder, name))
  }
  await writeFile(join(folder, 'host.mts'), blocks('ts'))
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['host.mts'], { cwd: folder })
  expect(stderr).toBe('')
  expect(stdout).toBe(blocks('text'))
})
