import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { create, folderOfProjects } from './projects.ts'

const usage = /^npm create @lash\/attachments-backend <folder> -- \[options\]$/m

test('says how it is used', async () => {
  const { code, stdout, stderr } = await create(await folderOfProjects(), '--help')
  expect(stdout).toMatch(usage)
  expect(stderr).toBe('')
  expect(code).toBe(0)
})

describe('writes nothing', () => {
  test.each([
    ['without a name', [], 'give the name of one folder'],
    ['with two names', ['one', 'two'], 'give the name of one folder'],
    ['with a name that no package has', ['My Backend'], 'My Backend cannot be the name of the package'],
    ['with a name that no class has', ['2-backend'], '2-backend cannot be the name of the package'],
    ['with a runner that it does not know', ['mine', '--runner', 'jest'], 'there is no runner jest: vitest, node'],
    ['with a runner like what every object has', ['mine', '--runner', 'toString'], 'there is no runner toString'],
    ['with an option that it does not know', ['mine', '--stroe'], "Unknown option '--stroe'"],
  ])('%s, and says why', async (_, args, why) => {
    const folder = await folderOfProjects()
    const { code, stdout, stderr } = await create(folder, ...args)
    expect(stderr).toContain(why)
    expect(stderr).toMatch(usage)
    expect(stdout).toBe('')
    expect(code).toBe(2)
    expect(await readdir(folder)).toEqual([])
  })

  test('into a folder in which there is something', async () => {
    const folder = await folderOfProjects()
    await mkdir(join(folder, 'mine'))
    await writeFile(join(folder, 'mine', 'notes.txt'), 'mine')
    const { code, stderr } = await create(folder, 'mine')
    expect(stderr).toContain('mine is not empty: notes.txt is there')
    expect(code).toBe(2)
    expect(await readdir(join(folder, 'mine'))).toEqual(['notes.txt'])
  })

  test('where a file is', async () => {
    const folder = await folderOfProjects()
    await writeFile(join(folder, 'mine'), 'mine')
    expect((await create(folder, 'mine')).code).toBe(2)
    expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('mine')
  })
})

test('writes into an empty folder, and names everything after it', async () => {
  const folder = await folderOfProjects()
  const project = join(folder, 'acme.key_values-2')
  await mkdir(project)
  const { code, stdout } = await create(folder, 'acme.key_values-2')
  expect(stdout).toContain('cd acme.key_values-2')
  expect(code).toBe(0)
  const store = await readFile(join(project, 'src', 'store.ts'), 'utf8')
  expect(store).toContain('class AcmeKeyValues2AttachmentStore ')
  expect(store).toContain("name = 'acme.key_values-2'")
  for (const path of await readdir(project, { recursive: true, withFileTypes: true })) {
    if (path.isDirectory()) continue
    expect(await readFile(join(path.parentPath, path.name), 'utf8')).not.toMatch(/my-?backend/i)
  }
})

test.each([
  ['vitest', 'vitest'],
  ['node', 'node-test'],
  ['bun', 'node-test'],
  ['deno', 'node-test'],
])('writes tests for the runner %s', async (runner, entry) => {
  const folder = await folderOfProjects()
  expect((await create(folder, 'mine', '--runner', runner)).code).toBe(0)
  const read = (path: string) => readFile(join(folder, 'mine', path), 'utf8')
  const { scripts, devDependencies } = JSON.parse(await read('package.json'))
  expect(scripts.test).toMatch(new RegExp(`^${runner} `))
  expect('vitest' in devDependencies).toBe(runner === 'vitest')
  for (const name of ['store', 'manifest-driver', 'manifest', 'pair']) {
    expect(await read(`test/${name}.test.ts`)).toContain(`from '@lash/attachments-conformance/${entry}'`)
  }
})
