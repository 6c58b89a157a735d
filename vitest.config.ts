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
    // Node 24 can die of "Check failed: jit_page.has_value()" when threads that load WebAssembly (its own stripping of types) come and go.
    execArgv: ['--no-memory-protection-keys'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
