import { fileURLToPath } from 'node:url'
import { type AnyHarness, reportsToMarkdown, saveReports } from '@lash/attachments-conformance'
import { testManifest, testManifestDriver, testSession, testStore } from '@lash/attachments-conformance/vitest'
import { afterAll, test } from 'vitest'
import { casesOf } from './cases.ts'
import { type Backend, columnsOf, missingServer } from './columns.ts'

const folder = fileURLToPath(new URL('../../../reports', import.meta.url))

/** Registers the cases of all columns of a backend, prints their reports, and saves them for the whole matrix. */
export function testMatrix(backend: Backend): void {
  const missing = missingServer(backend)
  if (missing !== undefined) {
    test.skip(missing, () => {})
    return
  }
  const columns = columnsOf(backend).map(testColumn)
  afterAll(async () => {
    const reports = columns.map(column => column.report())
    for (const kind of ['store', 'manifest', 'session', 'manifest-driver']) {
      const ofKind = reports.filter(report => report.kind === kind)
      if (ofKind.length > 0) console.log(`${backend}, ${kind}\n\n${reportsToMarkdown(ofKind)}\n`)
    }
    if (columns.every(column => column.isComplete())) await saveReports(folder, backend, reports)
  })
}

function testColumn(harness: AnyHarness) {
  switch (harness.kind) {
    case 'store':
      return testStore(harness, casesOf(harness))
    case 'manifest':
      return testManifest(harness, casesOf(harness))
    case 'session':
      return testSession(harness, casesOf(harness))
    case 'manifest-driver':
      return testManifestDriver(harness, casesOf(harness))
  }
}
