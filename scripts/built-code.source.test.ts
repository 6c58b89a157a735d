import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { checkBuiltCode } from './built-code.ts'

const source = `import { part } from './part.ts'
/** Bytes. */
export class Upload {
  readonly #size: number = part
  size(): number { return this.#size }
}
`
const built = `import { part } from './part.js';
export class Upload {
    #size = part;
    size() { return this.#size; }
}
//# sourceMappingURL=index.js.map`

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'built-code-'))
  for (const name of ['src', 'dist']) await mkdir(join(folder, name))
  await writeFile(join(folder, 'src', 'index.ts'), source)
  await writeFile(join(folder, 'dist', 'index.js'), built)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What the check says, without the name of the folder. */
async function findings(): Promise<string[]> {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { failed } = await checkBuiltCode(folder)
  const lines = said.mock.calls.map(([line]) => String(line).replace(`  ${folder}: `, ''))
  said.mockRestore()
  expect(lines).toHaveLength(failed)
  return lines
}

test('code that says what its source says is fine', async () => {
  expect(await findings()).toEqual([])
})

test.each([
  ['a line changed', built.replace('return this.#size', 'return this.#size + 1')],
  ['a line left out', built.replace('    size() { return this.#size; }\n', '')],
  ['a name changed', built.replace('class Upload', 'class _a')],
  ['another import', built.replace('./part.js', './other.js')],
])('%s is found', async (_, changed) => {
  await writeFile(join(folder, 'dist', 'index.js'), changed)
  expect(await findings()).toEqual([expect.stringMatching(/^dist\/index\.js does not say what src\/index\.ts says/)])
})

test('a build that cannot be parsed is found', async () => {
  await writeFile(join(folder, 'dist', 'index.js'), built.replace('#size = part', ''))
  expect(await findings()).toEqual([expect.stringContaining('cannot be parsed')])
})

test('syntax that the oldest Node does not know is found, though source and build agree', async () => {
  const newer = '{ await using upload = open(); }\n'
  for (const name of ['src/index.ts', 'dist/index.js']) await writeFile(join(folder, name), newer)
  expect(await findings()).toEqual([expect.stringMatching(/^dist\/index\.js has syntax that node22\.19 does not know/)])
})

test('a build without its source, and a source without its build, are found', async () => {
  await writeFile(join(folder, 'dist', 'old.js'), '')
  await writeFile(join(folder, 'src', 'new.ts'), '')
  expect(await findings()).toEqual([
    'dist/old.js has no source: delete the folder dist and build again',
    'src/new.ts was not built',
  ])
})
