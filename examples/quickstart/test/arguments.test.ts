import { expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.ts'

const nothing = { paths: [], directory: undefined, json: false, help: false }

test.each([
  [[], nothing],
  [['a', '--json', 'b'], { ...nothing, paths: ['a', 'b'], json: true }],
  [['--dir', 'out', 'a'], { ...nothing, paths: ['a'], directory: 'out' }],
  [['--dir=out'], { ...nothing, directory: 'out' }],
  [['-h'], { ...nothing, help: true }],
  // As pnpm passes on its own separator.
  [['--', 'a', '--json'], { ...nothing, paths: ['a'], json: true }],
  [['--', '-a', '--b'], { ...nothing, paths: ['-a', '--b'] }],
  [['--'], nothing],
  // A separator of the user's own.
  [['a', '--', '--json', '--'], { ...nothing, paths: ['a', '--json', '--'] }],
  [['--', '--', '--json'], { ...nothing, paths: ['--json'] }],
])('%j', (given, parsed) => {
  expect(parseArguments(given)).toEqual(parsed)
})

test.each([
  [['--jsn'], 'unknown option --jsn'],
  [['-x'], 'unknown option -x'],
  [['--dir'], '--dir needs the path of a folder'],
  [['--dir='], '--dir needs the path of a folder'],
])('%j is refused', (given, reason) => {
  expect(() => parseArguments(given)).toThrow(reason)
})
