import { pairHarness } from '@lash/attachments-conformance'
import { memoryManifestHarness, memoryStoreHarness } from '../harnesses/memory.ts'
import { testForFlakes } from './no-flakes.ts'

testForFlakes(memoryManifestHarness())
testForFlakes(pairHarness(memoryStoreHarness(), memoryManifestHarness()))
