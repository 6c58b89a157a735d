import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** An empty folder of this test's own, removed after its `afterEach` hooks. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'attachments-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
