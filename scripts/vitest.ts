import { readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pinnedNode, type Runtime } from './runtimes.ts'
import { failureLine, type Outcome, root, runCommand } from './step.ts'

interface VitestReport {
  testResults: {
    name: string
    /** Of a file that fails to load, or whose hook fails. */
    message: string
    assertionResults: {
      fullName: string
      status: 'passed' | 'failed' | 'pending' | 'skipped' | 'todo'
      failureMessages: string[]
    }[]
  }[]
}

export interface VitestRun {
  /** The workspace, or an installation of the tarballs. Default the workspace. */
  folder?: string
  /** Default the pinned Node. */
  runtime?: Runtime
  /** Test files whose path contains one of these; all without. */
  filters?: readonly string[]
  /** Patterns of test files that are left out. */
  excluded?: readonly string[]
}

/**
 * Runs tests and counts how they went, by file relative to the folder. A run that fails without a failing test is a
 * failure of '(run)'.
 */
export async function runVitest(run: VitestRun): Promise<Map<string, Outcome>> {
  const { folder = root, runtime = pinnedNode(), filters = [], excluded = [] } = run
  const file = join(folder, 'reports', 'vitest.json')
  await rm(file, { force: true })
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const exitCode = await runCommand(runtime.program, [vitest, 'run', ...reporters, ...filters], {
    cwd: folder,
    env: {
      NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compiled'),
      LASH_TEST_EXCLUDE: excluded.join('\n'),
      // The oldest Node strips types with a warning, which is no part of what a program prints.
      ...(runtime.version.startsWith('22.') && { NODE_NO_WARNINGS: '1' }),
    },
  })
  const byFile = new Map<string, Outcome>()
  const { testResults } = JSON.parse(await readFile(file, 'utf8')) as VitestReport
  for (const { name, message, assertionResults } of testResults) {
    const path = relative(folder, name)
    const failures = message === '' ? [] : [failureLine(path, message)]
    const outcome: Outcome = { passed: 0, failed: 0, skipped: 0, failures }
    for (const { fullName, status, failureMessages } of assertionResults) {
      outcome[status === 'passed' || status === 'failed' ? status : 'skipped']++
      if (status === 'failed') failures.push(failureLine(`${path} > ${fullName}`, failureMessages[0]))
    }
    byFile.set(path, outcome)
  }
  // A file that fails to load, or a failing hook, fails the run without a failing test.
  const hasFailed = [...byFile.values()].some(({ failed }) => failed > 0)
  if (exitCode !== 0 && !hasFailed) {
    const failures = [`vitest exited with ${exitCode} without a failing test: see above`]
    byFile.set('(run)', { passed: 0, failed: 1, skipped: 0, failures })
  }
  return byFile
}
