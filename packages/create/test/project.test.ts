import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { create, folderOfProjects, root, run } from './projects.ts'

/** The example that the guide fills a project in with. */
const example = join(root, 'examples', 'your-own-backend')

test('what is left out leaves no trace, and all that is written has the right types', async () => {
  const folder = await folderOfProjects()
  const both = ['src/connection.ts', 'src/index.ts', 'test/next.ts']
  const store = ['src/store.ts', 'test/store-harness.ts', 'test/store.test.ts']
  const manifest = [
    'src/manifest.ts',
    'test/manifest-driver.test.ts',
    'test/manifest-harness.ts',
    'test/manifest.test.ts',
  ]
  const projects: Record<string, string[]> = {
    '': [...both, ...store, ...manifest, 'test/pair.test.ts'],
    '--store': [...both, ...store],
    '--manifest': [...both, ...manifest],
  }
  for (const [option, files] of Object.entries(projects)) {
    const name = `project${option}`
    expect((await create(folder, name, ...(option === '' ? [] : [option]))).code).toBe(0)
    const written = await readdir(join(folder, name), { recursive: true })
    expect(written.filter(path => path.endsWith('.ts')).sort()).toEqual(files.sort())
  }
  expect(await readFile(join(folder, 'project--store', 'README.md'), 'utf8')).not.toContain('manifest.ts')
  const settings = JSON.parse(await readFile(join(folder, 'project', 'tsconfig.json'), 'utf8'))
  // In the repository the packages are sources, which the compiler reads as well.
  const compilerOptions = { ...settings.compilerOptions, target: 'esnext', lib: ['esnext'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  expect(await run(folder, join(root, 'node_modules', '.bin', 'tsc'), ['-p', '.'])).toMatchObject({
    stdout: '',
    code: 0,
  })
})

test('what is not written yet says what to write, part after part', async () => {
  const folder = await folderOfProjects()
  const next = async (project: string) => (await run(join(folder, project), process.execPath, ['test/next.ts'])).stdout
  const fillIn = (project: string, path: string) => copyFile(join(example, path), join(folder, project, path))

  await create(folder, 'one-file', '--store')
  expect(await next('one-file')).toContain('connect() in src/connection.ts is not written yet: open ')
  await fillIn('one-file', 'src/connection.ts')
  expect(await next('one-file')).toContain('write() in src/store.ts is not written yet: put the bytes')

  await create(join(folder, 'one-file'), 'one-file', '--manifest')
  await fillIn('one-file/one-file', 'src/connection.ts')
  expect(await next('one-file/one-file')).toMatch(/(get|scan|apply)\(\) in src\/manifest.ts is not written yet: /)
})
