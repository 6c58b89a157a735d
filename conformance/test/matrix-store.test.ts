import { testStore } from '@lash/attachments-conformance/vitest'
import { fsStoreHarness } from './harnesses/fs.ts'
import { memoryStoreHarness } from './harnesses/memory.ts'
import { sqliteStoreHarness } from './harnesses/sqlite.ts'
import { printMatrix } from './matrix.ts'

printMatrix('stores', [memoryStoreHarness(), fsStoreHarness(), sqliteStoreHarness()].map(testStore))
