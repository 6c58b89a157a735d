import { existsSync } from 'node:fs'
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

/** The conformance matrix: every store, every manifest, every pair. */
const matrix = join(root, 'reports', 'conformance.md')

/** All tests, or those whose file matches a filter. */
export function vitestStep(filters: readonly string[]): Step {
  return {
    title: 'Tests',
    async run() {
      const file = join(root, 'reports', 'vitest.json')
      for (const old of [file, matrix, join(root, 'reports', 'conformance')])
        await rm(old, { recursive: true, force: true })
      const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...filters]
      const env = { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled') }
      await runCommand('node', ['scripts/fill-compile-cache.ts'], { env })
      const exitCode = await runCommand('vitest', args, { env })
      // Each part of the matrix is saved by its own test file; without some of them there is no whole to show.
      if (existsSync(matrix)) console.log(`\n${await readFile(matrix, 'utf8')}`)
      const report = JSON.parse(await readFile(file, 'utf8')) as VitestReport
      // A file that fails to load, or a failing hook, fails the run without a failing test.
      const failed = Math.max(report.numFailedTests, exitCode === 0 ? 0 : 1)
      return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests }
    },
  }
}
