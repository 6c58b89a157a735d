import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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

/** What `npm install` would bring, from what is installed here. */
async function install(): Promise<void> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, '@lash'), { recursive: true })
  for (const name of ['core', 'fs', 'sqlite']) {
    const installed = await realpath(join(root, 'node_modules', '@lash', `attachments-${name}`))
    await symlink(installed, join(modules, '@lash', `attachments-${name}`), 'junction')
    if (name !== 'sqlite') continue
    const driver = createRequire(join(installed, 'package.json')).resolve('better-sqlite3/package.json')
    await symlink(dirname(driver), join(modules, 'better-sqlite3'), 'junction')
  }
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
