/** How a test runner is called, and what of the kit it takes. */
export interface Runner {
  /** The entry of `@lash/attachments-conformance`. */
  readonly entry: 'vitest' | 'node-test'
  /** Runs all tests. */
  readonly test: string
  /** Runs one file as a program. */
  readonly run: string
}

export type RunnerName = 'vitest' | 'node' | 'bun' | 'deno'

export const runners: Readonly<Record<RunnerName, Runner>> = {
  vitest: { entry: 'vitest', test: 'vitest run', run: 'node' },
  node: { entry: 'node-test', test: 'node --test "test/*.test.ts"', run: 'node' },
  // Without a time-out, Bun would give the cleanup of a harness 5 seconds.
  bun: { entry: 'node-test', test: 'bun test --timeout 120000', run: 'bun run' },
  // Types are checked by tsc; Deno would take those of browsers for the ones of Node.
  deno: {
    entry: 'node-test',
    test: 'deno test --allow-all --no-check test/',
    run: 'deno run --allow-all --no-check',
  },
}

export function isRunnerName(name: string): name is RunnerName {
  return Object.hasOwn(runners, name)
}
