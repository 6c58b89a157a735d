import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installRuntime, pinnedNode, type Runtime } from './runtimes.ts'
import type { Outcome } from './step.ts'

/** A harness as an author has it: a module, by its path in the repository, and the function in it that makes it. */
export interface HarnessModule {
  readonly module: string
  readonly make: string
  /** What the author's test calls with it. */
  readonly test: 'testStore' | 'testManifest' | 'testSession'
  /** The runner that the test command takes; vitest also runs what is a column of the matrix. */
  readonly runner: string
  /** The variable that names its server. Without it the harness is left out: the step of the servers says so. */
  readonly server?: string
}

const lmdb = 'conformance/test/harnesses/lmdb.ts'
const redis = 'conformance/test/harnesses/redis.ts'
const redisServer = 'LASH_TEST_REDIS_URL'

/** What is run as its author runs it, with each of the runners. A line here is all that another harness needs. */
const harnesses: readonly HarnessModule[] = [
  {
    module: 'packages/files-sdk/test/harnesses/memory.ts',
    make: 'memoryAdapterHarness',
    test: 'testStore',
    runner: 'vitest',
  },
  { module: lmdb, make: 'lmdbStoreHarness', test: 'testStore', runner: 'bun test' },
  { module: lmdb, make: 'lmdbManifestHarness', test: 'testManifest', runner: 'deno test' },
  { module: redis, make: 'redisManifestHarness', test: 'testManifest', server: redisServer, runner: 'node:test' },
]

/** A test runner, and how it is told to run files. */
export interface Runner {
  readonly name: string
  runtime(): Promise<Runtime>
  /** The entry of the kit. */
  readonly entry: 'vitest' | 'node-test'
  readonly arguments: readonly string[]
  /** Matches how many tests have passed, in what the runner prints at the end. */
  readonly passed: RegExp
}

export const runners: readonly Runner[] = [
  {
    name: 'vitest',
    runtime: async () => pinnedNode(),
    entry: 'vitest',
    arguments: ['node_modules/vitest/vitest.mjs', 'run', '--root', 'reports/runners/vitest'],
    passed: /^ *Tests +(\d+) passed/m,
  },
  {
    name: 'node:test',
    runtime: async () => pinnedNode(),
    entry: 'node-test',
    arguments: ['--test', '--test-reporter=tap'],
    passed: /^# pass (\d+)$/m,
  },
  {
    name: 'bun test',
    runtime: () => installRuntime('bun', 'latest'),
    entry: 'node-test',
    // Of tests, the kit says it itself; a `cleanup` would have 5 seconds.
    arguments: ['test', '--timeout', '120000'],
    passed: /^ *(\d+) pass$/m,
  },
  {
    name: 'deno test',
    runtime: () => installRuntime('deno', 'latest'),
    entry: 'node-test',
    // Types are checked by tsc; Deno would take those of browsers for the ones of Node.
    arguments: ['test', '--allow-all', '--no-check'],
    passed: /passed \((\d+) steps?\)/,
  },
]

/**
 * Runs harnesses with a runner, in an installation of the tarballs or in the workspace. What the runner prints is shown
 * when it fails, or when no test has run.
 */
export async function runOnRunner(
  folder: string,
  runner: Runner,
  isWanted: (harness: HarnessModule) => boolean,
): Promise<Outcome> {
  const isReachable = ({ server }: HarnessModule) => server === undefined || Boolean(process.env[server])
  const chosen = harnesses.filter(harness => isWanted(harness) && isReachable(harness))
  if (chosen.length === 0) return { passed: 0, failed: 0, skipped: 0 }
  const files = await writeTests(folder, runner, chosen)
  const { program } = await runner.runtime()
  const args = [...runner.arguments, ...files]
  // With NODE_TEST_CONTEXT, node:test would take the process for a child of its own.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1' }
  return new Promise(resolve => {
    execFile(program, args, { cwd: folder, env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      // Bun counts on its standard error.
      const passed = Number(runner.passed.exec(`${stdout}\n${stderr}`)?.[1] ?? 0)
      const failed = error !== null || passed === 0 ? 1 : 0
      if (failed > 0) process.stderr.write(`${program} ${args.join(' ')}\n${stdout}${stderr}`)
      resolve({ passed, failed, skipped: 0 })
    })
  })
}

/** A test file for each harness: the lines that its author writes. */
async function writeTests(folder: string, runner: Runner, chosen: readonly HarnessModule[]): Promise<string[]> {
  const below = join('reports', 'runners', runner.name.replaceAll(/\W/g, '-'))
  await rm(join(folder, below), { recursive: true, force: true })
  await mkdir(join(folder, below), { recursive: true })
  // Without one, vitest would take that of the folders above.
  if (runner.entry === 'vitest') await writeFile(join(folder, below, 'vitest.config.ts'), 'export default {}\n')
  return Promise.all(
    chosen.map(async ({ module, make, test }) => {
      const file = join(below, `${make}.test.ts`)
      const lines = [
        `import { ${test} } from '@lash/attachments-conformance/${runner.entry}'`,
        `import { ${make} } from '../../../${module}'`,
        `${test}(${make}())`,
      ]
      await writeFile(join(folder, file), `${lines.join('\n')}\n`)
      return `./${file}`
    }),
  )
}
