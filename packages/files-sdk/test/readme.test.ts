import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('the program of the README prints what it says', async () => {
  const readme = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8')
  const program = /^```ts\n(.*?)^```/ms.exec(readme)?.[1] ?? ''
  const cwd = await mkdtemp(join(import.meta.dirname, '.readme-'))
  try {
    const args = ['--input-type=module', '--eval', program]
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    expect(stdout).toBe('table.csv 8\n1,2\n\n')
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
})
