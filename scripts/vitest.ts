import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { root, runCommand, type Step } from './step.ts'

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  numFailedTestSuites: number
}

/** All tests, or those whose file matches a filter. */
export function vitestStep(filters: readonly string[]): Step {
  return {
    title: 'Tests',
    async run() {
      const file = join(root, 'reports', 'vitest.json')
      await rm(file, { force: true })
      const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...filters]
      const exitCode = await runCommand('vitest', args)
      const report = JSON.parse(await readFile(file, 'utf8')) as VitestReport
      // A file that fails to load, or a failing hook, fails the run without a failing test.
      const failed = Math.max(report.numFailedTests, exitCode === 0 ? 0 : 1)
      return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests }
    },
  }
}
