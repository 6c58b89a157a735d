import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes longest comes first, so that no worker begins it when the others are done. */
class LongestFirst extends BaseSequencer {
  static readonly #longest = [
    'explore/plans',
    'matrix-postgres',
    'matrix-s3',
    'matrix-sqlite',
    'test/statements/',
    'explore/servers',
    'conformance-',
    'crash.test',
    'chat.test',
    'removal-',
    'matrix-',
    'sabotage/',
    'explore/',
    'full-disk',
    'power-cut',
  ]

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = LongestFirst.#longest.findIndex(name => moduleId.includes(name))
      return found === -1 ? LongestFirst.#longest.length : found
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

/**
 * Files of these packages can share a process, which saves a start of it for each; but none that looks at the memory or
 * the threads of its process.
 */
const together = 'packages/{core,ai-sdk,sqlite,cli}/test/**/!(memory|threads).test.ts'

/** Patterns of files that this run leaves out. Vitest's own `--exclude` does not reach projects. */
const { LASH_TEST_EXCLUDE = '' } = process.env
const exclude = [...configDefaults.exclude, ...LASH_TEST_EXCLUDE.split('\n').filter(pattern => pattern !== '')]

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: [
            'packages/*/test/**/*.test.ts',
            'conformance/test/**/*.test.ts',
            'testing/test/**/*.test.ts',
            'examples/**/test/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: [...exclude, together],
        },
      },
      { extends: true, test: { name: 'together', include: [together], exclude, isolate: false } },
    ],
    globalSetup: 'testing/src/services/global-setup.ts',
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    execArgv: [
      // One more step away from the crash of V8 that scripts/fill-compile-cache.ts tells of.
      '--no-memory-protection-keys',
      // Tests make much garbage outside of the heap, for which V8 would mark all of the heap again and again.
      '--no-incremental-marking',
    ],
    // Much of the time goes into waiting for syncs and servers.
    maxWorkers: 4,
    // It ends only what would not end: a busy machine or a slow disk may take ten times as long as a quiet one.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // What is waited for comes at the pace of the machine; the default is a second.
    expect: { poll: { timeout: 30_000 } },
  },
})
