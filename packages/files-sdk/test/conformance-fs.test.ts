import { testStore } from '@lash/attachments-conformance/vitest'
import { fsAdapterHarness } from './harnesses/fs.ts'
import { memoryAdapterHarness } from './harnesses/memory.ts'

testStore(fsAdapterHarness())
testStore(memoryAdapterHarness())
