import { afterAll, describe, test } from 'vitest'
import type { ManifestHarness, SessionHarness, StoreHarness } from './harness.ts'
import { adapt, type LiveReport } from './run/adapter.ts'

const runner = {
  describe,
  test: (name: string, run: () => Promise<void>, timeoutMs: number) => test(name, run, timeoutMs),
  afterAll,
}

/** Registers the store cases as vitest tests. `report()` of what it gives is complete once they have run. */
export function testStore(harness: StoreHarness): LiveReport {
  return adapt(runner, harness)
}

/** Registers the manifest cases as vitest tests. */
export function testManifest(harness: ManifestHarness): LiveReport {
  return adapt(runner, harness)
}

/** Registers the session cases (store x manifest) as vitest tests. */
export function testSession(harness: SessionHarness): LiveReport {
  return adapt(runner, harness)
}
