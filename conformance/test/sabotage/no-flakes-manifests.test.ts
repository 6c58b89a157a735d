import { memoryManifestHarness, memoryStoreHarness } from '../harnesses/memory.ts'
import { pairHarness } from '../harnesses/pair.ts'
import { testForFlakes } from './no-flakes.ts'

testForFlakes(memoryManifestHarness())
testForFlakes(pairHarness(memoryStoreHarness(), memoryManifestHarness()))
