#!/usr/bin/env node
import { parseArgs } from 'node:util'
import type { AnyHarness } from './harness.ts'
import type { ConformanceReport } from './report/report.ts'
import { saveReports } from './report/save-reports.ts'
import { summaryLines } from './report/summary.ts'
import { loadModule } from './run/load-module.ts'
import { runConformance } from './runner/run.ts'

const usage = `Tells whether stores and manifests keep the contract of @lash/attachments.

  attachments-conformance <module> ... [--reports <folder>]

  <module>   an ES module whose default export is a harness, several in an array, or a function that gives either
  --reports  where conformance.md, .html and .json go, and badges/ for shields.io; none are written without it`

const { values, positionals } = parseArgs({
  options: { reports: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
})

if (values.help || positionals.length === 0) {
  console.log(usage)
  process.exitCode = values.help ? 0 : 2
} else {
  const reports: ConformanceReport[] = []
  for (const module of positionals) {
    for (const harness of await harnessesOf(module)) reports.push(await runAndTell(harness))
  }
  if (values.reports !== undefined) await saveReports(values.reports, 'command', reports)
  process.exitCode = reports.every(({ ok }) => ok) ? 0 : 1
}

type Given = AnyHarness | readonly AnyHarness[]

async function harnessesOf(module: string): Promise<readonly AnyHarness[]> {
  const { default: given } = await loadModule<{ default?: Given | (() => Given) }>(module)
  if (given === undefined) throw new Error(`${module} has no default export; see --help`)
  return [typeof given === 'function' ? given() : given].flat() as AnyHarness[]
}

async function runAndTell(harness: AnyHarness): Promise<ConformanceReport> {
  const report = await runConformance(harness)
  for (const { status, error } of report.outcomes) if (status === 'failed') console.log(`${error?.message}\n`)
  console.log(summaryLines(report).join('\n'))
  return report
}
