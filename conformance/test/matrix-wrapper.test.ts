import { testStore } from '@lash/attachments-conformance/vitest'
import { fsSessionStoreHarness, memorySessionStoreHarness } from './harnesses/session-store.ts'
import { printMatrix } from './matrix.ts'

printMatrix('wrapped stores', [memorySessionStoreHarness(), fsSessionStoreHarness()].map(testStore))
