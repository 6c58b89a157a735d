import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  badgeOf,
  type CaseOutcome,
  type ConformanceReport,
  gradeOf,
  packageVersions,
  reportToHtml,
  wholeMarkdown,
} from '@lash/attachments-conformance'
import { describe, expect, test } from 'vitest'

function outcomes(group: string, passed: number, others: Partial<CaseOutcome>[] = []): CaseOutcome[] {
  const made = Array.from({ length: passed }, (): Partial<CaseOutcome> => ({ status: 'passed' }))
  return [...made, ...others].map((other, index) => ({
    ...{ id: `store/${group}/${index}`, group, title: 'a rule', status: 'passed', durationMs: 1 },
    ...other,
  }))
}

function report(change: Partial<ConformanceReport> = {}): ConformanceReport {
  const versions = { Node: '24.0.0', PostgreSQL: '17.2' }
  return { kind: 'store', backend: 'mine', ok: true, problems: [], versions, outcomes: outcomes('a', 10), ...change }
}

const inapplicable = { status: 'not-applicable', needs: 'reopen' } as const
const failed = { status: 'failed', error: new Error('store/a/10: broken rule: <b>bold</b>\n1 !== 2') } as const

describe('the grade', () => {
  test.each<[string, Partial<ConformanceReport>, string, number]>([
    ['all passed', {}, 'A', 100],
    ['1 of 10 does not apply', { outcomes: outcomes('a', 9, [inapplicable]) }, 'B', 90],
    ['each group counts alike', { outcomes: [...outcomes('a', 100), ...outcomes('b', 1, [inapplicable])] }, 'C', 75],
    ['half', { outcomes: outcomes('a', 1, [inapplicable]) }, 'D', 50],
    ['a case failed', { ok: false, outcomes: outcomes('a', 99, [failed]) }, 'F', 99],
    ['a problem', { ok: false, problems: ['left open after cleanup: a timer'] }, 'F', 100],
    ['a failure that is known is not shown', { outcomes: outcomes('a', 9, [{ status: 'known-failure' }]) }, 'B', 90],
    ['nothing was run', { outcomes: [] }, 'F', 0],
  ])('%s', (_, change, letter, shown) => {
    expect(gradeOf(report(change))).toEqual({ letter, shown })
  })
})

test('a badge is what shields.io reads from an endpoint', () => {
  const badge = { schemaVersion: 1, label: 'attachments store', message: 'A, 10 rules kept', color: 'brightgreen' }
  expect(badgeOf(report())).toEqual(badge)
  const broken = badgeOf(report({ ok: false, outcomes: outcomes('a', 9, [failed]) }))
  expect(broken).toMatchObject({ message: 'F, 1 rules broken', color: 'red' })
})

test('the document says the grades, what failed, what was not shown, the problems and the versions', () => {
  const problems = ['left open after cleanup: a timer']
  const one = report({ ok: false, problems, outcomes: outcomes('a', 8, [inapplicable, failed]) })
  const markdown = wholeMarkdown([one, report({ backend: 'other' })])
  expect(markdown).toMatch(/\| mine +\| store +\| +F +\| +80 % \|/)
  for (const text of ['broken rule', 'two instances over the same data agree', 'left open after cleanup: a timer']) {
    expect(markdown).toContain(text)
  }
  expect(markdown).toContain('- mine, other: Node 24.0.0, PostgreSQL 17.2')
})

test('what backends say is text in the page', () => {
  const odd = report({ backend: '<img src=x>', ok: false, outcomes: outcomes('a', 8, [failed]) })
  const html = reportToHtml(wholeMarkdown([odd]))
  expect(html).toContain('<table>')
  expect(html).not.toMatch(/<img|<b>/)
  expect(html).toContain('&lt;b&gt;bold')
})

test('versions of packages are those that a module finds', () => {
  const { version } = createRequire(import.meta.url)('vitest/package.json') as { version: string }
  expect(packageVersions(import.meta.url, 'vitest', 'no-such-package')).toEqual({ vitest: version })
})

test('the command runs the harnesses of a module, and writes the report and a badge of each', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-command-'))
  try {
    const harness = join(import.meta.dirname, 'harnesses', 'memory.ts')
    const module = join(folder, 'harnesses.mjs')
    await writeFile(module, `export { memoryManifestHarness as default } from ${JSON.stringify(harness)}\n`)
    const kit = dirname(import.meta.resolve('@lash/attachments-conformance').replace('file://', ''))
    const cli = join(kit, kit.endsWith('src') ? 'cli.ts' : 'cli.js')
    const { code, stdout } = await run([cli, module, '--reports', folder])
    expect(stdout).toMatch(/^manifest memory: grade [A-D], \d+ % shown/m)
    expect(code).toBe(0)
    expect(await readFile(join(folder, 'conformance.html'), 'utf8')).toContain('<h1>Conformance</h1>')
    const badge = JSON.parse(await readFile(join(folder, 'badges', 'manifest-memory.json'), 'utf8'))
    expect(badge).toMatchObject({ schemaVersion: 1, label: 'attachments manifest' })
    expect((await run([cli])).code).toBe(2)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

function run(args: readonly string[]): Promise<{ code: unknown; stdout: string }> {
  const env = { ...process.env, NODE_OPTIONS: '' }
  return new Promise(resolve => {
    execFile(process.execPath, args, { env }, (error, stdout) => resolve({ code: error?.code ?? 0, stdout }))
  })
}
