import { expect, test } from 'vitest'
import { findProblems, noWork } from '../src/report.ts'

type Report = Parameters<typeof findProblems>[0]

const id = 'a'.repeat(64)
const right: Report = {
  places: { postgres: '', schema: '', s3: '', prefix: '', own: { postgres: true, s3: true } },
  work: {
    workers: [{ name: 'worker-1', tally: { ...noWork, turns: 1 } }],
    sweeper: { sweeps: 1, reclaimed: 0, failures: 0 },
    crash: {
      worker: 'worker-1',
      processId: 1,
      signal: 'SIGKILL',
      afterMilliseconds: 1,
      uncommittedRefs: 0,
      resumedConversations: 0,
      finishedDeletions: 0,
    },
    problems: [],
    milliseconds: 1,
  },
  finalSweep: { reclaimed: 0, failures: [], uncommitted: 0, milliseconds: 1 },
  audit: { stray: id, listed: 1, reclaimed: 1, failures: [], strayIsGone: true, milliseconds: 1 },
  verification: {
    conversations: 1,
    turns: 1,
    refs: 1,
    bytes: 1,
    right: 1,
    wrong: [],
    disagreements: [],
    copies: 1,
    unexpectedCopies: [],
    missingCopies: [],
    milliseconds: 1,
  },
  url: {
    id,
    status: 200,
    expectedMediaType: 'image/png',
    mediaType: 'image/png',
    byteLength: 1,
    matches: true,
    milliseconds: 1,
  },
  cleanUp: { objectsDeleted: 1, objectsLeft: 0, schemaLeft: false },
}

test('what is as it has to be is no problem', () => {
  expect(findProblems(right)).toEqual([])
})

test.each<[change: (report: Report) => void, problem: string]>([
  [({ work }) => work.problems.push('c read nothing'), 'c read nothing'],
  [({ work }) => Object.assign(work.workers[0]!.tally, noWork), 'worker-1 saved no turn'],
  [({ work }) => Object.assign(work.sweeper, { sweeps: 0 }), 'the sweeper did not sweep once'],
  [({ work }) => Object.assign(work.crash, { signal: null }), 'worker-1 was ended by null, not by SIGKILL'],
  [({ finalSweep }) => finalSweep.failures.push('x: no'), 'the last sweep could not delete x: no'],
  [
    ({ finalSweep }) => Object.assign(finalSweep, { uncommitted: 2 }),
    '2 contents that nobody has committed are left after the last sweep',
  ],
  [({ audit }) => Object.assign(audit, { strayIsGone: false }), `the audit left the stray ${id}`],
  [
    ({ verification }) => verification.wrong.push({ conversationId: 'c', id, found: 'unreadable: corrupt' }),
    `c has lost ${id}: unreadable: corrupt`,
  ],
  [({ verification }) => Object.assign(verification, { refs: 0 }), 'nothing was committed'],
  [({ verification }) => verification.disagreements.push('c holds x'), 'c holds x'],
  [({ verification }) => verification.missingCopies.push(id), `${id} is committed and not in the bucket`],
  [({ verification }) => verification.unexpectedCopies.push(id), `${id} is in the bucket and nobody has committed it`],
  [({ url }) => Object.assign(url!, { status: 403 }), `the URL of ${id} answered 403`],
  [({ url }) => Object.assign(url!, { matches: false }), `the URL of ${id} gave other bytes`],
  [({ url }) => Object.assign(url!, { mediaType: null }), `the URL of ${id} said null, not image/png`],
  [({ cleanUp }) => Object.assign(cleanUp, { objectsLeft: 3 }), '3 objects are left in the bucket'],
  [({ cleanUp }) => Object.assign(cleanUp, { schemaLeft: true }), 'the schema is left in the database'],
])('%# is told', (change, problem) => {
  const report = structuredClone(right)
  change(report)
  expect(findProblems(report)).toEqual([problem])
})
