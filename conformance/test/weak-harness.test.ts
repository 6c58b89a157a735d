import { mkdtemp, open, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Capability,
  casesFor,
  gradeOf,
  notShown,
  pairHarness,
  runCase,
  runConformance,
  type StoreFixture,
  type StoreHarness,
  summaryLines,
} from '@lash/attachments-conformance'
import { afterEach, describe, expect, test } from 'vitest'
import { memoryManifestHarness, memoryStoreHarness } from './harnesses/memory.ts'

const memory = memoryStoreHarness()
const firstCase = casesFor(memory).slice(0, 1)

/** The harness of a store in memory, of whose first fixture something is changed. */
function harness(change: Partial<StoreHarness>, fixture: (made: StoreFixture) => Partial<StoreFixture> = () => ({})) {
  const create: StoreHarness['create'] = async options => {
    const made = await memory.create(options)
    return { ...made, ...fixture(made) }
  }
  return { ...memory, create, ...change } satisfies StoreHarness
}

describe('what a harness declares that the kit does not know is refused, with the nearest name', () => {
  test.each<[string, Partial<StoreHarness>, string]>([
    ['a misspelt capability', { capabilities: ['re-open' as Capability] }, "'re-open'; the nearest is 'reopen'"],
    ['a capability of another kind', { capabilities: ['transaction'] }, "a store has no capability 'transaction'"],
    ['a reason for nothing', { lacks: { chld: 'one process' } as object }, "'chld'; the nearest is 'child'"],
    ['a case that is gone', { knownFailures: { [`${firstCase[0]?.id}s`]: 'old' } }, `is '${firstCase[0]?.id}'`],
  ])('%s', async (_, change, problem) => {
    const report = await runConformance(harness(change), firstCase)
    expect(report).toMatchObject({ ok: false, problems: [expect.stringContaining(problem)] })
    expect(gradeOf(report).letter).toBe('F')
  })

  test('a pair may say what either of its halves lacks', async () => {
    const pair = pairHarness(memoryStoreHarness(), memoryManifestHarness())
    expect((await runConformance(pair, [])).problems).toEqual([])
  })
})

test('a harness that declares little is called out: what it does not show, which cases that is, and its grade', async () => {
  // What counts is which cases apply, and not what they do.
  const cases = casesFor(memory).map(tested => ({ ...tested, run: async () => {} }))
  const weak = await runConformance(harness({ capabilities: [], lacks: { child: 'one process' } }), cases)
  const declared = await runConformance(harness({}), cases)
  expect(weak.ok).toBe(true)
  const summary = summaryLines(weak).join('\n')
  expect(summary).toContain('store memory: grade D')
  expect(summary).toMatch(/NOT SHOWN: .* \(\d+ cases need generations\): the harness neither declares it nor says/)
  expect(summary).toMatch(/not shown: .* child\): one process/)
  expect(notShown(weak).filter(({ isCalledOut }) => isCalledOut)).not.toEqual([])
  expect(notShown(declared).filter(({ isCalledOut }) => isCalledOut)).toEqual([])
  expect(gradeOf(weak).shown).toBeLessThan(gradeOf(declared).shown)
})

describe('a case that does not end tells what has not settled', () => {
  const never = () => new Promise<never>(() => {})

  async function explanationOf(stuck: StoreHarness): Promise<string | undefined> {
    return (await runCase({ ...stuck, timeoutMs: 50 }, firstCase[0] as (typeof firstCase)[0])).error?.message
  }

  test('a call of the store', async () => {
    const stuck = harness({}, ({ store }) => ({ store: Object.assign(store, { put: never }) }))
    expect(await explanationOf(stuck)).toMatch(/did not finish in 50 ms\n {2}store\.put has not settled for \d+ ms/)
  })

  test('the harness itself', async () => {
    expect(await explanationOf(harness({ create: never }))).toMatch(/harness\.create has not settled for \d+ ms/)
    expect(await explanationOf(harness({}, () => ({ dispose: never })))).toContain('fixture.dispose has not settled')
  })

  test.runIf(process.versions.bun === undefined)('with what is open', async () => {
    let timer: NodeJS.Timeout | undefined
    const create = () => {
      timer = setTimeout(() => {}, 3_600_000)
      return never()
    }
    const { outcomes } = await runConformance(harness({ create, timeoutMs: 50 }), firstCase)
    clearTimeout(timer)
    expect(outcomes[0]?.error?.message).toMatch(/open: a timer, opened at .*weak-harness\.test/)
  })
})

describe('what is open after the last cleanup is named, with the place where it was opened', () => {
  const undo: (() => unknown)[] = []
  afterEach(async () => {
    for (const each of undo.splice(0).reverse()) await each()
  })

  async function problemsOf(leave: () => unknown): Promise<readonly string[]> {
    const cleanup = async () => void (await leave())
    const report = await runConformance(harness({ cleanup }), firstCase)
    expect(report.ok).toBe(report.problems.length === 0)
    return report.problems
  }

  test('a timer', async () => {
    const problems = await problemsOf(() => {
      const timer = setInterval(() => {}, 3_600_000)
      undo.push(() => clearInterval(timer))
    })
    expect(problems).toEqual([
      expect.stringMatching(/left open after cleanup: a timer, opened at .*weak-harness\.test/),
    ])
  })

  test('a connection', async () => {
    const server = createServer(() => {})
    undo.push(() => server.close())
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const problems = await problemsOf(async () => {
      const socket = connect(port, '127.0.0.1')
      undo.push(() => socket.destroy())
      await new Promise(resolve => socket.once('connect', resolve))
    })
    expect(problems[0]).toMatch(/a connection, opened at .*weak-harness\.test/)
  })

  test.runIf(process.platform === 'linux')('a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weak-harness-'))
    undo.push(() => rm(folder, { recursive: true }))
    const path = join(folder, 'left')
    const problems = await problemsOf(async () => {
      const file = await open(path, 'w')
      undo.push(() => file.close())
    })
    expect(problems).toEqual([`left open after cleanup: the file ${path}`])
  })

  test('nothing that lets the process end', async () => {
    const problems = await problemsOf(() => {
      const timer = setInterval(() => {}, 3_600_000).unref()
      undo.push(() => clearInterval(timer))
    })
    expect(problems).toEqual([])
  })
})
