import { testManifest } from '../src/vitest.ts'
import { memoryManifestHarness } from './harnesses/memory.ts'
import { sqliteManifestHarness } from './harnesses/sqlite.ts'

testManifest(memoryManifestHarness())
testManifest(sqliteManifestHarness())
testManifest(sqliteManifestHarness({ target: 'memory' }))
