import { testManifest } from '../src/vitest.ts'
import { memoryManifestHarness } from './harnesses/memory.ts'

testManifest(memoryManifestHarness())
