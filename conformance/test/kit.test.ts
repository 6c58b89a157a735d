import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  allCases,
  type CaseContext,
  type CaseDefinition,
  type ConformanceReport,
  caseGroup,
  reportFromJson,
  reportsToMarkdown,
  reportToJson,
  runCase,
  runConformance,
  type StoreCase,
  type StoreFixture,
  type StoreHarness,
  saveReports,
} from '@lash/attachments-conformance'
import { expect, test } from 'vitest'
import { memoryStoreHarness } from './harnesses/memory.ts'

const passing = async (context: CaseContext<StoreFixture>) => void (await context.create())
const failing = async () => {
  throw new Error('no bytes')
}
const good = storeCase({ name: 'good', title: 'a rule that is kept', run: passing })
const bad = storeCase({ name: 'bad', title: 'a rule that is broken', run: failing })
const inapplicable = storeCase({ name: 'other', title: 'a rule for others', requires: ['durable'], run: failing })

function storeCase(definition: CaseDefinition<'store'>): StoreCase {
  return caseGroup('store', 'group', [definition])[0] as StoreCase
}

function harness(change: Partial<StoreHarness> = {}): StoreHarness {
  return { ...memoryStoreHarness(), ...change }
}

test('case ids are unique and say kind and group', () => {
  for (const [kind, cases] of Object.entries(allCases)) {
    expect(new Set(cases.map(tested => tested.id)).size).toBe(cases.length)
    for (const tested of cases) expect(tested.id.startsWith(`${kind}/${tested.group}/`)).toBe(true)
  }
})

test.each(Object.entries(allCases))('titles of %s cases are unique, so that a failure names one rule', (_, cases) => {
  const titles = cases.map(tested => tested.title)
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([])
})

test('a failure begins with the case and the rule, and keeps its cause', async () => {
  const outcome = await runCase(harness(), bad)
  expect(outcome.status).toBe('failed')
  expect(outcome.error?.message).toBe('store/group/bad: broken rule: a rule that is broken\nno bytes')
  expect(outcome.error?.cause).toMatchObject({ message: 'no bytes' })
})

test('a case that needs what the harness lacks is not run, and the outcome says why', async () => {
  const outcome = await runCase(harness({ lacks: { durable: 'it is in memory' } }), inapplicable)
  expect(outcome).toMatchObject({ status: 'not-applicable', needs: 'durable', reason: 'it is in memory' })
})

test('a known failure must still fail', async () => {
  const knownFailures = { [bad.id]: 'the backend cannot', [good.id]: 'it could not' }
  expect(await runCase(harness({ knownFailures }), bad)).toMatchObject({
    status: 'known-failure',
    reason: 'the backend cannot',
  })
  const passes = await runCase(harness({ knownFailures }), good)
  expect(passes.status).toBe('failed')
  expect(passes.error?.message).toContain('remove it there')
})

test('a known failure of a case that does not exist fails the run', async () => {
  const report = await runConformance(harness({ knownFailures: { 'store/no/such': 'typo' } }), [good])
  expect(report).toMatchObject({ ok: false, problems: [expect.stringContaining('no such case: store/no/such')] })
})

test('a case that does not end is a failure, and its fixtures are disposed of', async () => {
  let disposed = 0
  const stuck = storeCase({
    name: 'stuck',
    title: 'ends',
    async run(context) {
      await context.create()
      await new Promise(() => {})
    },
  })
  const fixture = async () => ({ ...(await memoryStoreHarness().create()), dispose: async () => void disposed++ })
  const outcome = await runCase(harness({ timeoutMs: 20, create: fixture }), stuck)
  expect(outcome.error?.message).toContain('did not finish in 20 ms')
  expect(disposed).toBe(1)
})

test('a case fails when its fixture cannot be disposed of', async () => {
  const fixture = async () => ({
    ...(await memoryStoreHarness().create()),
    dispose: async () => {
      throw new Error('the folder is busy')
    },
  })
  const outcome = await runCase(harness({ create: fixture }), good)
  expect(outcome.error?.message).toContain('the folder is busy')
})

test('the harness is cleaned up once, after the cases', async () => {
  const steps: string[] = []
  const counted = harness({
    cleanup: async () => void steps.push('cleanup'),
    create: async () => ({ ...(await memoryStoreHarness().create()), dispose: async () => void steps.push('dispose') }),
  })
  await runConformance(counted, [good, good])
  expect(steps).toEqual(['dispose', 'dispose', 'cleanup'])
})

async function sampleReport(): Promise<ConformanceReport> {
  return runConformance(harness({ knownFailures: {} }), [good, bad, inapplicable])
}

test('the report is a table with what passed, failed and does not apply', async () => {
  const table = reportsToMarkdown([await sampleReport()])
  expect(table).toContain('| group | 1, 1 FAILED, 1 n/a |')
  expect(table.split('\n')).toHaveLength(4)
})

test('a report is the same after JSON', async () => {
  const report = await sampleReport()
  const read = reportFromJson(JSON.parse(JSON.stringify(reportToJson(report))))
  expect(reportsToMarkdown([read])).toBe(reportsToMarkdown([report]))
  expect(read.outcomes.map(outcome => outcome.error?.message)).toEqual(report.outcomes.map(each => each.error?.message))
})

test('reports that several test files save at the same time are in one document', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-kit-'))
  try {
    const report = await sampleReport()
    const named = (backend: string) => ({ ...report, backend })
    await Promise.all(['a', 'b', 'c', 'd'].map(name => saveReports(folder, name, [named(`backend ${name}`)])))
    await saveReports(folder, 'a', [named('another')])
    const markdown = await readFile(join(folder, 'conformance.md'), 'utf8')
    const json = JSON.parse(await readFile(join(folder, 'conformance.json'), 'utf8')) as { backend: string }[]
    expect(json.map(each => each.backend).sort()).toEqual(['another', 'backend b', 'backend c', 'backend d'])
    for (const { backend } of json) expect(markdown).toContain(backend)
    expect(markdown).toContain('a rule that is broken')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
