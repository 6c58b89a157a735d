import { testSession } from '../src/vitest.ts'
import { fsStoreHarness } from './harnesses/fs.ts'
import { memoryManifestHarness, memoryStoreHarness } from './harnesses/memory.ts'
import { pairHarness } from './harnesses/pair.ts'
import { sqliteManifestHarness, sqlitePairHarness, sqliteStoreHarness } from './harnesses/sqlite.ts'

for (const manifest of [memoryManifestHarness, sqliteManifestHarness]) {
  for (const store of [memoryStoreHarness, fsStoreHarness, sqliteStoreHarness]) {
    testSession(pairHarness(store(), manifest()))
  }
}
testSession(sqlitePairHarness())
