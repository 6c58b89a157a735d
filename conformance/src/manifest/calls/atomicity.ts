import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { numbered } from '../../run/contents.ts'
import { turn } from '../../run/samples.ts'
import { type ManifestUnderTest, manifestGroup } from '../manifest-under-test.ts'
import { blobsOf, holder, type ManifestSteps } from '../steps.ts'

const names = numbered('content', 24)

/** Whether the call has done its work on the content with this name, or for this holder. */
type Look = (reader: ManifestSteps, name: string) => Promise<boolean>

/**
 * Fails when a reader sees the work half done: one part changed, and then another not yet. The reader is another
 * instance where there can be one, and looks again and again, at two parts in a row, from both ends.
 */
async function isSeenWhole(
  { reopenIfPossible }: ManifestUnderTest,
  parts: readonly string[],
  work: () => Promise<unknown>,
  isDone: Look,
): Promise<void> {
  const reader = await reopenIfPossible()
  let isOver = false
  const working = work().finally(() => {
    isOver = true
  })
  const look = async (first: string, second: string) => {
    if ((await isDone(reader, first)) && !(await isDone(reader, second))) return `${first} before ${second}`
  }
  const watch = async (first: string, second: string) => {
    let seen: string | undefined
    while (!isOver && seen === undefined) {
      seen = await look(first, second)
      await turn()
    }
    return seen
  }
  // A backend in memory is done before the event loop turns.
  const lookLater = async (steps: number, first: string, second: string) => {
    for (let step = 0; step < steps; step++) await undefined
    return look(first, second)
  }
  const [one = '', last = ''] = [parts[0], parts.at(-1)]
  const middle = parts[parts.length >> 1] ?? ''
  const seen = Promise.all([
    ...[watch(one, last), watch(last, one), watch(middle, last)],
    ...[1, 3, 5, 8, 12, 20].flatMap(steps => [lookLater(steps, one, last), lookLater(steps, last, one)]),
  ])
  await Promise.allSettled([working, seen])
  await working
  assert.deepEqual(
    (await seen).filter(half => half !== undefined),
    [],
    'was seen half done',
  )
  for (const part of parts) assert.ok(await isDone(reader, part), `${part} is done`)
}

const isCommitted: Look = (reader, name) => reader.isCommitted(name, 'session')
const isReleased: Look = (reader, name) => reader.isReleased(name, 'session')
/** Content that everybody has dropped can be claimed by an audit, which only looks here. */
const isSettled: Look = async ({ manifest }, name) =>
  (await manifest.claimBlobs(blobsOf(`${name}@0`), { dryRun: true })).length > 0
const isDropped: Look = async (reader, name) => (await reader.lookup('shared', holder('session', name))) === undefined

async function recordAll({ record }: ManifestUnderTest): Promise<void> {
  await Promise.all(names.map(name => record(name, 'session')))
}

export const atomicityCases: readonly ManifestCase[] = manifestGroup('seen from outside', {
  commit: {
    title: 'a commit of many refs is seen as a whole or not at all',
    async run(tested) {
      await recordAll(tested)
      await isSeenWhole(tested, names, () => tested.commit('session', ...names), isCommitted)
    },
  },
  release: {
    title: 'a release, of many ids or of everything, is seen as a whole or not at all',
    async run(tested) {
      await recordAll(tested)
      await isSeenWhole(tested, names, () => tested.release('session', ...names), isReleased)
      await recordAll(tested)
      await isSeenWhole(tested, names, () => tested.release('session'), isReleased)
    },
  },
  settle: {
    title: 'a settlement of many claims is seen as a whole or not at all',
    async run(tested) {
      await recordAll(tested)
      const claims = await tested.claim()
      await isSeenWhole(tested, names, () => tested.settle(...claims), isSettled)
    },
  },
  drop: {
    title: 'a claim, and forget, drop all refs to a content or none',
    async run(tested) {
      const { record, claimOnly, forget } = tested
      for (const drop of [() => claimOnly('shared'), () => forget('shared')]) {
        await Promise.all(names.map(name => record('shared', holder('session', name))))
        await isSeenWhole(tested, names, drop, isDropped)
      }
    },
  },
})
