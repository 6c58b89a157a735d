import { afterAll, describe, test } from 'vitest'
import { type ConformanceTests, conformanceTests } from './runner/adapter.ts'

const tests: ConformanceTests = conformanceTests({ describe, test, afterAll })

/** Registers the store cases as vitest tests. `report()` of what it returns is complete once they have run. */
export const testStore: ConformanceTests['testStore'] = tests.testStore

/** Registers the manifest cases as vitest tests. */
export const testManifest: ConformanceTests['testManifest'] = tests.testManifest

/** Registers the session cases (store x manifest) as vitest tests. */
export const testSession: ConformanceTests['testSession'] = tests.testSession

/** Registers the manifest driver cases as vitest tests. */
export const testManifestDriver: ConformanceTests['testManifestDriver'] = tests.testManifestDriver
