import { expect, test } from 'vitest'
import { parseStrace } from '../src/power-cut/strace-log.ts'

/** As `strace -xx` writes texts. */
function hex(text: string): string {
  return `"${[...Buffer.from(text)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`
}

function open(path: string, descriptor: number): string {
  return `openat(AT_FDCWD, ${hex(path)}, O_RDWR|O_CREAT, 0600) = ${descriptor}`
}

test('a descriptor that one thread closes may be that of a file that another opens before the close has ended', () => {
  const log = [
    `10 ${open('/folder/first', 7)}`,
    '10 close(7 <unfinished ...>',
    `11 ${open('/folder/log', 7)}`,
    '10 <... close resumed>) = 0',
    '11 fsync(7) = 0',
  ]
  const kinds = parseStrace(log.join('\n'), '/folder').map(({ kind }) => kind)
  expect(kinds.slice(-2)).toEqual(['sync-begin', 'sync-end'])
})

test('what is closed is no longer synced', () => {
  const log = [`10 ${open('/folder/log', 7)}`, '10 close(7) = 0', '10 fsync(7) = 0']
  const kinds = parseStrace(log.join('\n'), '/folder').map(({ kind }) => kind)
  expect(kinds).not.toContain('sync-begin')
})

test('a write goes where a seek led, and is synced where the file was opened so', () => {
  const log = [
    `10 openat(AT_FDCWD, ${hex('/folder/data')}, O_WRONLY|O_DSYNC|O_CLOEXEC) = 7`,
    '10 lseek(7, 4096, SEEK_SET) = 4096',
    `10 writev(7, [{iov_base=${hex('a')}, iov_len=1}, {iov_base=${hex('b')}, iov_len=1}], 2) = 2`,
  ]
  expect(parseStrace(log.join('\n'), '/folder').slice(1)).toEqual([
    { kind: 'seek', file: 1, position: 4096 },
    { kind: 'write', file: 1, data: Buffer.from('ab'), synced: true },
  ])
})
