import { expect, test } from 'vitest'
import { parseArguments } from '../src/arguments.ts'

const usual = { seconds: 15, json: false, help: false }

test.each([
  [[], usual],
  [['--seconds', '5', '--json'], { ...usual, seconds: 5, json: true }],
  [['--seconds=60'], { ...usual, seconds: 60 }],
  // As pnpm passes on its own separator.
  [['--', '--json'], { ...usual, json: true }],
  [['-h'], { ...usual, help: true }],
])('%j', (given, parsed) => {
  expect(parseArguments(given)).toEqual(parsed)
})

test.each([
  [['--seconds'], '--seconds needs a whole number'],
  [['--seconds', '1'], '--seconds needs a whole number'],
  [['--seconds', '1e3'], '--seconds needs a whole number'],
  [['--seconds=3601'], '--seconds needs a whole number'],
  [['file.txt'], 'unknown argument file.txt'],
  [['--jsn'], 'unknown argument --jsn'],
])('%j is refused', (given, reason) => {
  expect(() => parseArguments(given)).toThrow(reason)
})
