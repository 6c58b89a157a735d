/* For the runners of Node, Bun and Deno: all three run what is registered with node:test. */
import { after, describe, test } from 'node:test'
import { type ConformanceTests, conformanceTests } from './runner/adapter.ts'

const tests: ConformanceTests = conformanceTests({
  describe: (name, body) => void describe(name, body),
  test: (name, run, timeoutMs) => void test(name, { timeout: timeoutMs }, run),
  afterAll: after,
})

/** Registers the store cases as node:test tests. `report()` of what it returns is complete once they have run. */
export const testStore: ConformanceTests['testStore'] = tests.testStore

/** Registers the manifest cases as node:test tests. */
export const testManifest: ConformanceTests['testManifest'] = tests.testManifest

/** Registers the session cases (store x manifest) as node:test tests. */
export const testSession: ConformanceTests['testSession'] = tests.testSession

/** Registers the manifest driver cases as node:test tests. */
export const testManifestDriver: ConformanceTests['testManifestDriver'] = tests.testManifestDriver
