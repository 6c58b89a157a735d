import { testStore } from '@lash/attachments-conformance/vitest'
import { fsAdapterHarness } from './harnesses/fs.ts'

testStore(fsAdapterHarness())
