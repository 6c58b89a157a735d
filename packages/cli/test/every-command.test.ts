import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '@lash/attachments-testing'
import { expect, test } from 'vitest'
import { type OnTerminal, onTerminal } from './command-line.ts'

const id = createHash('sha256').update('hello\n').digest('hex')
const picture = createHash('sha256').update('no picture').digest('hex')

test('a bar is there from the first blob on, however short a time ago the process began', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'a.txt'), 'hello\n')
  const slowClock = 'const now = performance.now.bind(performance); performance.now = () => now() / 1000'
  const env = {
    LASH_ATTACHMENTS_STORE: `file:${folder}/bytes`,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(slowClock)}`,
  }
  const lines: readonly OnTerminal[] = [
    [80, 'put a.txt'],
    [80, 'verify'],
  ]
  const [, verify] = await onTerminal(lines, 'never', { cwd: folder, env })
  expect(verify).toMatch(/␛\[1Gverify {2}1 blob/)
})

test('every command on a terminal: tables with room for them, bars that are gone, and nobody controls it', async () => {
  const folder = newFolder()
  // What clears a screen, rings, ends a line, colours in one character, and turns the direction of writing.
  writeFileSync(join(folder, 'a\x1b[2J\x07\n\u009b31m\u202e.txt'), 'hello\n')
  writeFileSync(join(folder, 'b.png'), 'no picture')
  const env = {
    LASH_ATTACHMENTS_STORE: `file:${folder}/bytes`,
    LASH_ATTACHMENTS_MANIFEST: `sqlite:${folder}/refs.db`,
  }
  const lines: readonly OnTerminal[] = [
    [150, 'put *.txt *.png --session chat'],
    [170, 'ls --session chat'],
    [40, 'ls'],
    [80, `get ${id} --session chat`],
    [80, `get ${picture}`],
    [80, `stat ${id} --session chat`],
    [80, 'usage'],
    [40, 'verify'],
    [80, 'sweep --older-than 0s'],
    [80, 'audit --dry-run'],
    [80, 'copy --to file:copy --to-manifest sqlite:copy.db'],
    [80, 'repair'],
    [80, 'doctor --store memory: --manifest memory:'],
    [80, `rm ${id} --session chat`],
    [80, 'complete fish'],
    [80, 'serve --session chat --port 0'],
  ]
  const said = await onTerminal(lines, 'http://', { cwd: folder, env })
  const [put, ls, narrow, get, refused, stat, usage, verify, sweep, audit, copy, repair, doctor, rm, fish, serve] = said

  const name = String.raw`a\u{1b}[2J\u{7}\u{a}\u{…`
  expect(put).toContain(`${id}       6 B    0  text/plain                ${name}\n`)
  expect(ls).toMatch(/^id +size +gen +state +media type +holder +label\n/)
  expect(ls).toContain(`${id}       6 B    0  committed    text/plain                                  ${name}\n`)
  expect(ls).toContain('2 refs, 16 B')
  // One column always has its room. The second line of an id is the terminal's.
  expect(narrow).toMatch(new RegExp(`^id\n(${id}|${picture})\n(${id}|${picture})\n2 copies, 16 B\nexit code 0`))
  expect(get).toBe('hello\nexit code 0\n')
  expect(refused).toMatch(/image\/png is nothing for a terminal: .*\nexit code 2\n$/)
  expect(stat).toContain(String.raw`label        a\u{1b}[2J\u{7}\u{a}\u{9b}31m\u{202e}.txt`)
  expect(usage).toMatch(/count +2 copies\nbyteLength +16 B \(16 bytes\)\n/)
  // A bar that is wider than its line would leave a line at every step.
  const bars = [...(verify?.matchAll(/␛\[1G([^␛]+)/g) ?? [])].map(([, bar = '']) => bar)
  expect(bars[0]).toMatch(/^verify {2}\d/)
  expect(Math.max(...bars.map(bar => bar.length))).toBeLessThanOrEqual(40)
  expect(verify).toMatch(/␛\[2K2 copies, 16 B \(.*\/s\): all whole\nexit code 0/)
  expect(sweep).toMatch(/claimedCount +0\nreclaimedCount +0\nfailedCount +0\nexit code 0/)
  expect(audit).toMatch(/unreferencedByteLength +0 B\n.*\n.*\n.*a dry run: nothing was changed\nexit code 0/)
  expect(copy).toMatch(/copiedByteLength +16 B\n(.*\n)*refCount +2\n(.*\n)*exit code 0/)
  expect(repair).toMatch(/2 attachments, 0 put again, 0 refs lost\nexit code 0/)
  expect(doctor).toMatch(/machine.*open files.*store.*✔ +round trip.*manifest.*✔ +refs/s)
  expect(rm).toMatch(new RegExp(`${id} +6 B\nexit code 0`))
  expect(fish).toContain('complete -c lash-attachments')
  expect(serve).toMatch(
    /everybody on this machine may read.*\n.*http:\/\/127\.0\.0\.1:\d+\/attachments\n\^C.*exit code 130/s,
  )
  for (const obeyed of ['␛[2J', '\x07', '\u009b', '\u202e']) expect(said.join('')).not.toContain(obeyed)
})
