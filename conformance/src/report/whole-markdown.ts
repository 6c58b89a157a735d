import { markdownTable } from 'markdown-table'
import type { HarnessKind } from '../harness.ts'
import { gradeOf } from './grade.ts'
import { notShownLines } from './not-shown.ts'
import { type ConformanceReport, reportsToMarkdown, tally } from './report.ts'

const headings: Readonly<Record<HarnessKind, string>> = {
  store: 'Stores',
  manifest: 'Manifests',
  session: 'Stores with manifests',
  'manifest-driver': 'Drivers of the portable manifest',
}

/**
 * All reports as one Markdown document: their grades, for each kind a table with what failed and what was not shown,
 * and the versions that were tested.
 */
export function wholeMarkdown(reports: readonly ConformanceReport[]): string {
  const sections = ['# Conformance', gradeTable(reports)]
  for (const [kind, heading] of Object.entries(headings)) {
    const ofKind = reports.filter(report => report.kind === kind)
    if (ofKind.length === 0) continue
    sections.push(`## ${heading}`, reportsToMarkdown(ofKind))
    sections.push(...listed('Failures:', ofKind, failureLines))
    sections.push(...listed('Problems:', ofKind, ({ problems }) => problems))
    sections.push(...listed('Not shown:', ofKind, notShownLines))
  }
  sections.push('## Versions', bullets(versionLines(reports)))
  return `${sections.join('\n\n')}\n`
}

function gradeTable(reports: readonly ConformanceReport[]): string {
  const rows = reports.map(report => {
    const { letter, shown } = gradeOf(report)
    const { passed, failed, knownFailures, notApplicable } = tally(report.outcomes)
    return [report.backend, report.kind, letter, `${shown} %`, passed, failed + knownFailures, notApplicable].map(
      String,
    )
  })
  const header = ['backend', 'kind', 'grade', 'shown', 'passed', 'failed', 'not applicable']
  return markdownTable([header, ...rows], { align: ['l', 'l', 'c', 'r', 'r', 'r', 'r'] })
}

function failureLines({ outcomes }: ConformanceReport): string[] {
  return outcomes
    .filter(({ status }) => status === 'failed' || status === 'known-failure')
    .map(({ status, id, error, reason }) => {
      if (status === 'known-failure') return `${id}: known: ${reason}`
      return (error?.message ?? id).replaceAll(/\s*\n\s*/g, ' ')
    })
}

/** Backends with the same versions share a line. */
function versionLines(reports: readonly ConformanceReport[]): string[] {
  const backends = new Map<string, Set<string>>()
  for (const { backend, versions } of reports) {
    const line = Object.entries(versions).map(entry => entry.join(' '))
    const key = line.join(', ')
    backends.set(key, (backends.get(key) ?? new Set()).add(backend))
  }
  return [...backends].map(([versions, names]) => `${[...names].join(', ')}: ${versions}`)
}

function listed(
  title: string,
  reports: readonly ConformanceReport[],
  linesOf: (report: ConformanceReport) => readonly string[],
): string[] {
  const lines = reports.flatMap(report => linesOf(report).map(line => `${report.backend}: ${line}`))
  return lines.length === 0 ? [] : [title, bullets(lines)]
}

function bullets(lines: readonly string[]): string {
  return lines.map(line => `- ${escaped(line)}`).join('\n')
}

/** Names of methods and what was seen come from backends, and are no Markdown. */
function escaped(line: string): string {
  return line.replaceAll(/[\\`*_<>[\]|]/g, '\\$&')
}
