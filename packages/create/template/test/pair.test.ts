import { pairHarness } from '@lash/attachments-conformance'
import { testSession } from '@lash/attachments-conformance/vitest'
import { manifestHarness } from './manifest-harness.ts'
import { storeHarness } from './store-harness.ts'

testSession(pairHarness(storeHarness(), manifestHarness()))
