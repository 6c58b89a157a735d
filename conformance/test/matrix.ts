import { fileURLToPath } from 'node:url'
import { type ConformanceReport, type LiveReport, reportsToMarkdown, saveReports } from '@lash/attachments-conformance'
import { afterAll } from 'vitest'

const folder = fileURLToPath(new URL('../../reports', import.meta.url))

/** When the cases of all columns have run, prints them as one table and saves them for the report of the whole matrix. */
export function printMatrix(name: string, columns: readonly LiveReport[]): void {
  afterAll(async () => {
    const reports: ConformanceReport[] = columns.map(column => column.report())
    console.log(`${name}\n\n${reportsToMarkdown(reports)}\n`)
    if (columns.every(column => column.isComplete())) await saveReports(folder, name, reports)
  })
}
