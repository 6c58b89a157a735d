import { after, describe, test } from 'node:test'
import type { ManifestHarness, SessionHarness, StoreHarness } from './harness.ts'
import { adapt, type LiveReport } from './run/adapter.ts'

const runner = {
  describe: (name: string, body: () => void) => void describe(name, body),
  test: (name: string, run: () => Promise<void>, timeoutMs: number) => void test(name, { timeout: timeoutMs }, run),
  afterAll: (run: () => Promise<void>) => after(run),
}

/** Registers the store cases as node:test tests. `report()` of what it gives is complete once they have run. */
export function testStore(harness: StoreHarness): LiveReport {
  return adapt(runner, harness)
}

/** Registers the manifest cases as node:test tests. */
export function testManifest(harness: ManifestHarness): LiveReport {
  return adapt(runner, harness)
}

/** Registers the session cases (store x manifest) as node:test tests. */
export function testSession(harness: SessionHarness): LiveReport {
  return adapt(runner, harness)
}
