import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '..', 'src')

/** Lines of code after the imports, without blank lines and comments. */
async function linesOfCode(file: string): Promise<string[]> {
  const text = await readFile(join(source, file), 'utf8')
  const [, code = ''] = /^(?:import [\s\S]*? from '.*'\n)+([\s\S]*)$/.exec(text) ?? []
  return code
    .replaceAll(/^\/\*[\s\S]*?\*\/$/gm, '')
    .split('\n')
    .filter(line => line.trim() !== '' && !line.trim().startsWith('//'))
}

test('what a server needs around the packages is less than 60 lines', async () => {
  expect((await linesOfCode('attachments.ts')).length).toBeLessThan(60)
  expect((await linesOfCode('fork.ts')).length).toBeLessThan(12)
})

test('and no other file has anything of the packages', async () => {
  const files = await readdir(source, { recursive: true })
  const using: string[] = []
  for (const file of files.filter(name => /\.tsx?$/.test(name))) {
    if ((await readFile(join(source, file), 'utf8')).includes("'@lash/")) using.push(file)
  }
  expect(using.sort()).toEqual(['attachments.ts', 'fork.ts'])
})
