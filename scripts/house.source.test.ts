import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** What CONTRIBUTING says of the layout, and biome does not check. */
const root = fileURLToPath(new URL('..', import.meta.url))
const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '*.ts']
const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).trim().split('\n')
const linesOf = (file: string) => readFileSync(`${root}${file}`, 'utf8').split('\n')

test('no folder of sources has more than 12 files side by side', () => {
  const folders = Object.groupBy(
    files.filter(file => file.includes('/src/')),
    file => dirname(file),
  )
  const crowded = Object.entries(folders).filter(([, inside = []]) => inside.length > 12)
  expect(crowded).toEqual([])
})

test('no file is longer than 400 lines', () => {
  expect(files.filter(file => linesOf(file).length > 401)).toEqual([])
})

test('no comment is wider than 120 columns', () => {
  const wide = files.flatMap(file =>
    linesOf(file).flatMap((line, index) =>
      line.length > 120 && /^\s*(\*|\/[*/])/.test(line) ? [`${file}:${index + 1}`] : [],
    ),
  )
  expect(wide).toEqual([])
})
