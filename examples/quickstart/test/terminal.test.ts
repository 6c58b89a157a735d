import { Writable } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { refTable } from '../src/ref-table.ts'
import { Terminal } from '../src/terminal.ts'
import { shorten, textWidth } from '../src/text-width.ts'

beforeEach(() => {
  vi.stubEnv('NO_COLOR', undefined)
  vi.stubEnv('TERM', 'xterm')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** Something to write to that is a terminal of so many columns, or none. */
function output(columns?: number): { stream: NodeJS.WriteStream; text: () => string } {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  Object.assign(stream, columns === undefined ? {} : { isTTY: true, columns })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text }
}

const id = 'a1'.repeat(32)
const puts = [
  {
    path: '/x.png',
    name: 'x.png',
    ref: { id, byteLength: 5, mediaType: 'image/png', width: 3, height: 2 },
    milliseconds: 1,
  },
]

test('colours are for terminals', () => {
  expect(new Terminal(output(80).stream).style('red', 'x')).toBe('\x1b[31mx\x1b[39m')
  expect(new Terminal(output().stream).style('red', 'x')).toBe('x')
})

test('NO_COLOR turns them off, unless it is empty', () => {
  vi.stubEnv('NO_COLOR', '1')
  expect(new Terminal(output(80).stream).style('red', 'x')).toBe('x')
  vi.stubEnv('NO_COLOR', '')
  expect(new Terminal(output(80).stream).style('red', 'x')).toBe('\x1b[31mx\x1b[39m')
})

test('a line is drawn again and again on a terminal and never in a pipe', () => {
  const terminal = output(80)
  const live = new Terminal(terminal.stream)
  live.draw(() => 'half')
  live.line('whole')
  expect(terminal.text()).toBe('half\r\x1b[2Kwhole\n')

  const pipe = output()
  const plain = new Terminal(pipe.stream)
  plain.draw(() => 'half')
  plain.line('whole')
  expect(pipe.text()).toBe('whole\n')
})

test('ids are whole, at the end of a row where there is room and below it where there is not', () => {
  vi.stubEnv('NO_COLOR', '1')
  const row = 'x.png  image/png    3 × 2    5 B'
  expect(refTable(new Terminal(output(98).stream), puts)[1]).toBe(`${row}  ${id}`)
  expect(refTable(new Terminal(output().stream), puts)[1]).toBe(`${row}  ${id}`)
  expect(refTable(new Terminal(output(97).stream), puts).slice(1)).toEqual([row, id])
})

test('widths count columns, not characters', () => {
  expect(textWidth('日本')).toBe(4)
  expect(textWidth('e\u0301')).toBe(1)
  expect(textWidth('👨‍👩‍👧')).toBe(2)
  expect(shorten('a-very-long-name.png', 11)).toBe('a-ver…e.png')
  expect(textWidth(shorten('日本語日本語日本語', 8))).toBeLessThanOrEqual(8)
})
