import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { badgeOf } from './badge.ts'
import { reportToHtml } from './html.ts'
import type { ConformanceReport } from './report.ts'
import { type ReportJson, reportFromJson, reportToJson } from './report-json.ts'
import { wholeMarkdown } from './whole-markdown.ts'

/**
 * Saves the reports of one test file, and writes `conformance.json`, `.md` and `.html` and `badges/<kind>-<name>.json`
 * from these and from what other test files saved in the same folder. Test files may do this at the same time, in
 * processes of their own.
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
  const reports = whole.map(reportFromJson)
  const markdown = wholeMarkdown(reports)
  await replaceFile(join(folder, 'conformance.md'), markdown)
  await replaceFile(join(folder, 'conformance.html'), reportToHtml(markdown))
  const badges = join(folder, 'badges')
  await mkdir(badges, { recursive: true })
  for (const report of reports) {
    const name = `${report.kind} ${report.backend}`
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replace(/-$/, '')
    await replaceFile(join(badges, `${name}.json`), JSON.stringify(badgeOf(report)))
  }
}

/** Replaces the file at once, so that nobody reads half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const staged = `${path}.${randomUUID()}`
  await writeFile(staged, text)
  await rename(staged, path)
}
