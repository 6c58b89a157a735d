import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'conformance/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    globalSetup: 'conformance/services/global-setup.ts',
    pool: 'forks',
    // One more step away from the crash of V8 that scripts/fill-compile-cache.ts tells of.
    execArgv: ['--no-memory-protection-keys'],
    // Much of the time goes into waiting for syncs and servers.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is waited for comes at the pace of the machine; the default is a second.
    expect: { poll: { timeout: 30_000 } },
  },
})
