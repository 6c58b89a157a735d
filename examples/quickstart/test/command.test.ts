import { describe, expect, test } from 'vitest'
import { readArguments } from '../src/command.ts'

/** As the demo of files reads them. */
function withFiles(given: string[]) {
  const { values, paths } = readArguments(given, { dir: { type: 'string' } }, true)
  return { ...values, paths }
}

/** As the demo of production reads them. */
function withoutFiles(given: string[]) {
  return readArguments(given, { seconds: { type: 'string' } }, false).values
}

describe('files and options', () => {
  test.each([
    [[], { paths: [] }],
    [['a', '--json', 'b'], { paths: ['a', 'b'], json: true }],
    [['--dir', 'out', 'a'], { paths: ['a'], dir: 'out' }],
    [['--dir=out'], { paths: [], dir: 'out' }],
    [['-h'], { paths: [], help: true }],
    // As pnpm passes on its own separator.
    [['--', 'a', '--json'], { paths: ['a'], json: true }],
    [['--', '-a', '--b'], { paths: ['-a', '--b'] }],
    [['--'], { paths: [] }],
    // A separator of the user's own.
    [['a', '--', '--json', '--'], { paths: ['a', '--json', '--'] }],
    [['--', '--', '--json'], { paths: ['--json'] }],
  ])('%j', (given, read) => {
    expect(withFiles(given)).toEqual(read)
  })

  test.each([
    [['--jsn'], "Unknown option '--jsn'"],
    [['-x'], "Unknown option '-x'"],
    [['--dir'], "'--dir <value>' argument missing"],
    [['--', '--dir'], "'--dir <value>' argument missing"],
  ])('%j is refused', (given, reason) => {
    expect(() => withFiles(given)).toThrow(reason)
    expect(() => withFiles(given)).toThrow('see --help')
  })
})

describe('options alone', () => {
  test.each([
    [[], {}],
    [['--seconds', '5', '--json'], { seconds: '5', json: true }],
    [['--seconds=60'], { seconds: '60' }],
    [['--', '--json'], { json: true }],
    [['-h'], { help: true }],
  ])('%j', (given, values) => {
    expect(withoutFiles(given)).toEqual(values)
  })

  test.each([
    [['--seconds'], "'--seconds <value>' argument missing"],
    [['file.txt'], "Unexpected argument 'file.txt'"],
    [['--', 'file.txt'], "Unexpected argument 'file.txt'"],
    [['--jsn'], "Unknown option '--jsn'"],
  ])('%j is refused', (given, reason) => {
    expect(() => withoutFiles(given)).toThrow(reason)
  })
})
