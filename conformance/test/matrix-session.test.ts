import { testSession } from '../src/vitest.ts'
import { memoryManifestHarness, memoryStoreHarness } from './harnesses/memory.ts'
import { pairHarness } from './harnesses/pair.ts'
import { sqliteInOneHarness, sqliteManifestHarness } from './harnesses/sqlite-manifest.ts'

for (const manifest of [memoryManifestHarness(), sqliteManifestHarness()]) {
  testSession(pairHarness(memoryStoreHarness(), manifest))
}
testSession(sqliteInOneHarness())
