import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HarnessKind } from '../harness.ts'
import { notShownLines } from './not-shown.ts'
import { type ConformanceReport, reportsToMarkdown } from './report.ts'
import { type ReportJson, reportFromJson, reportToJson } from './report-json.ts'

/**
 * Saves the reports of one test file, and writes `conformance.json` and `conformance.md` from these and from what other
 * test files saved in the same folder. Test files may do this at the same time, in processes of their own.
 * @param name - the name of the test file. It replaces what was saved under the same name before.
 */
export async function saveReports(folder: string, name: string, reports: readonly ConformanceReport[]): Promise<void> {
  const parts = join(folder, 'conformance')
  await mkdir(parts, { recursive: true })
  await replaceFile(join(parts, `${name}.json`), JSON.stringify(reports.map(reportToJson)))
  // Another process may save its part while this one writes the whole. Then whoever comes last writes the whole again.
  for (let before = await readParts(parts); ; ) {
    await writeWhole(
      folder,
      before.flatMap(part => JSON.parse(part) as ReportJson[]),
    )
    const after = await readParts(parts)
    if (after.join('\n') === before.join('\n')) return
    before = after
  }
}

async function readParts(parts: string): Promise<string[]> {
  const names = (await readdir(parts)).filter(name => name.endsWith('.json')).sort()
  return Promise.all(names.map(name => readFile(join(parts, name), 'utf8')))
}

async function writeWhole(folder: string, whole: readonly ReportJson[]): Promise<void> {
  await replaceFile(join(folder, 'conformance.json'), `${JSON.stringify(whole, undefined, 2)}\n`)
  await replaceFile(join(folder, 'conformance.md'), wholeMarkdown(whole.map(reportFromJson)))
}

/** All reports as one Markdown document: for each kind a table, what failed, and what does not apply and why. */
export function wholeMarkdown(reports: readonly ConformanceReport[]): string {
  const sections = ['# Conformance']
  for (const kind of ['store', 'manifest', 'session', 'manifest-driver'] satisfies HarnessKind[]) {
    const ofKind = reports.filter(report => report.kind === kind)
    if (ofKind.length === 0) continue
    sections.push(`## ${headings[kind]}`, reportsToMarkdown(ofKind))
    const failures = failureLines(ofKind)
    if (failures.length > 0) sections.push('Failures:', bullets(failures))
    const reasons = ofKind.flatMap(report => notShownLines(report).map(line => `${report.backend}: ${line}`))
    if (reasons.length > 0) sections.push('Not shown:', bullets(reasons))
  }
  return `${sections.join('\n\n')}\n`
}

const headings: Readonly<Record<HarnessKind, string>> = {
  store: 'Stores',
  manifest: 'Manifests',
  session: 'Stores with manifests',
  'manifest-driver': 'Drivers of the portable manifest',
}

function failureLines(reports: readonly ConformanceReport[]): string[] {
  return reports.flatMap(({ backend, outcomes }) =>
    outcomes
      .filter(({ status }) => status === 'failed' || status === 'known-failure')
      .map(({ status, id, error, reason }) => {
        if (status === 'known-failure') return `${backend}: ${id}: known: ${reason}`
        return `${backend}: ${(error?.message ?? id).replaceAll(/\s*\n\s*/g, ' ')}`
      }),
  )
}

function bullets(lines: readonly string[]): string {
  return lines.map(line => `- ${line}`).join('\n')
}

/** Replaces the file at once, so that nobody reads half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const staged = `${path}.${randomUUID()}`
  await writeFile(staged, text)
  await rename(staged, path)
}
