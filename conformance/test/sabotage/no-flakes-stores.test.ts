import { memoryStoreHarness } from '../harnesses/memory.ts'
import { testForFlakes } from './no-flakes.ts'

testForFlakes(memoryStoreHarness())
