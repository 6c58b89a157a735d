import { expect, test } from 'vitest'
import { findProblems } from '../src/report.ts'

type Finished = Parameters<typeof findProblems>[0]

const id = 'a'.repeat(64)
const orphanId = 'b'.repeat(64)
const ref = { id, byteLength: 4, mediaType: 'text/plain' }
const verified = { name: 'note.txt', id, expectedSha256: id, readSha256: id, matches: true }

/** A report in which all is well. */
const good: Finished = {
  folder: { path: '/somewhere', kept: false },
  puts: [{ path: '/note.txt', name: 'note.txt', ref, milliseconds: 1 }],
  secondPut: { name: 'note.txt', id, storedFiles: 2, storedBytes: 90, wroteAnything: false, milliseconds: 1 },
  commit: { sessionId: 's', refs: [ref], sessionLogBytes: 300, inlineLogBytes: 310, milliseconds: 1 },
  otherSession: { sessionId: 'other', name: 'note.txt', id, outcome: 'not_found' },
  crash: {
    sessionId: 'crashed',
    processId: 1,
    signal: 'SIGKILL',
    orphan: { id: orphanId, byteLength: 9, mediaType: 'text/plain' },
    shared: { name: 'note.txt', id },
    orphanedContents: 1,
  },
  sweep: { reclaimedCount: 1, failures: [], orphanIsGone: true, sharedIsThere: true, milliseconds: 1 },
  verification: [
    { when: 'in the same process', files: [verified], milliseconds: 1 },
    { when: 'after reopening', files: [verified], milliseconds: 1 },
  ],
}

test('nothing is off when all is well', () => {
  expect(findProblems(good)).toEqual([])
})

const damaged = { ...verified, readSha256: 'unreadable: corrupt', matches: false }

test.each<[string, Partial<Finished>, string]>([
  ['a second put that wrote', { secondPut: { ...good.secondPut, wroteAnything: true } }, 'changed files of the store'],
  ['another id', { secondPut: { ...good.secondPut, id: orphanId } }, 'gave another id'],
  [
    'a session that reads too much',
    { otherSession: { ...good.otherSession, outcome: 'could be read' } },
    'does not hold',
  ],
  ['a worker that failed by itself', { crash: { ...good.crash, signal: 'SIGSEGV' } }, 'SIGSEGV'],
  ['no orphan to sweep', { crash: { ...good.crash, orphanedContents: 0 } }, '0 contents were orphans'],
  ['a sweep that took nothing', { sweep: { ...good.sweep, reclaimedCount: 0 } }, 'took 0 contents'],
  ['an orphan that stays', { sweep: { ...good.sweep, orphanIsGone: false } }, 'is still in the store'],
  ['a sweep that took too much', { sweep: { ...good.sweep, sharedIsThere: false } }, 'which is committed'],
  ['a failing delete', { sweep: { ...good.sweep, failures: [{ id, error: 'no space' }] } }, 'no space'],
  [
    'damaged bytes',
    { verification: [{ when: 'after reopening', files: [damaged], milliseconds: 1 }] },
    'note.txt is not what was put, after reopening: unreadable: corrupt',
  ],
  ['a file that the log forgot', { verification: [{ when: 'after reopening', files: [], milliseconds: 1 }] }, '0 of 1'],
])('%s is named', (_name, change, sentence) => {
  const problems = findProblems({ ...good, ...change })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(sentence)
})
