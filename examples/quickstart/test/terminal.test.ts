import { Writable } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { duration, row, size, Terminal } from '../src/terminal.ts'
import { TextView } from '../src/text-view.ts'

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
const ref = { id, byteLength: 5, mediaType: 'image/png', width: 3, height: 2 }
const puts = [{ path: '/x.png', name: 'x.png', ref, milliseconds: 1 }]
const commit = { sessionId: 's', refs: [ref], sessionLogBytes: 100, inlineLogBytes: 200, milliseconds: 1 }

/** The table of refs, as a terminal of so many columns shows it. */
function refTable(columns?: number): string[] {
  const { stream, text } = output(columns)
  new TextView(new Terminal(stream)).committed(commit, puts)
  const lines = text().split('\n')
  return lines.slice(lines.indexOf('', 1) + 1, -1)
}

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

test('a bar is drawn and gives way to the next line on a terminal, and is never in a pipe', () => {
  const terminal = output(80)
  const live = new Terminal(terminal.stream)
  live.progress(0.5, 'half')
  live.line('whole')
  expect(terminal.text()).toMatch(/█{12}.*░{12}.*half/s)
  // The line is cleared before the next one is written.
  expect(terminal.text().endsWith('\x1b[2Kwhole\n')).toBe(true)

  const pipe = output()
  const plain = new Terminal(pipe.stream)
  plain.progress(0.5, 'half')
  plain.line('whole')
  expect(pipe.text()).toBe('whole\n')
})

test('a bar is no wider than the terminal', () => {
  const { stream, text } = output(30)
  vi.stubEnv('NO_COLOR', '1')
  const terminal = new Terminal(stream)
  terminal.progress(0.5, 'a text for which there is no room')
  terminal.line()
  expect(text()).not.toContain('a text')
})

test('ids are whole, at the end of a row where there is room and below it where there is not', () => {
  vi.stubEnv('NO_COLOR', '1')
  const cells = '  x.png  image/png    3 × 2    5 B'
  expect(refTable(100)[1]).toBe(`${cells}  ${id}`)
  expect(refTable()[1]).toBe(`${cells}  ${id}`)
  expect(refTable(99).slice(1)).toEqual([cells, `  ${id}`])
})

test('columns are as wide as what is in them on a terminal, whatever the script', () => {
  const terminal = new Terminal(output().stream)
  const names = ['日本', 'e\u0301', '👨‍👩‍👧', 'plain']
  const lines = terminal.table(
    [{ title: 'name' }, { title: 'n', align: 'right' }],
    names.map(name => [name, '1']),
  )
  expect(lines).toEqual(['name   n', '日本   1', 'e\u0301      1', '👨‍👩‍👧     1', 'plain  1'])
  expect(row(['日本', '1'], [6, 3], ['left', 'right'])).toBe('日本      1')
})

test('names that are too long give way in the middle', () => {
  const { stream, text } = output()
  const view = new TextView(new Terminal(stream))
  const name = `a-very-long-${'name-'.repeat(10)}.png`
  view.started({ path: '/', kept: false }, [name])
  view.put({ path: name, name, ref, milliseconds: 3 })
  expect(text()).toContain('  a-very-long-name…-name-name-.png       5 B   3.0ms\n')
})

test('sizes and times are for people', () => {
  expect([0, 999, 17_393, 30_000_000].map(size)).toEqual(['0 B', '999 B', '17.4 kB', '30 MB'])
  expect([0.4, 23.4, 1834, 61_234].map(duration)).toEqual(['0.4ms', '23ms', '1.8s', '1m 1.2s'])
})
