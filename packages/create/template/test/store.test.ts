import { testStore } from '@lash/attachments-conformance/vitest'
import { storeHarness } from './store-harness.ts'

testStore(storeHarness())
