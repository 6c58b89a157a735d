import { testSession } from '@lash/attachments-conformance/vitest'
import { fsStoreHarness } from './harnesses/fs.ts'
import { memoryManifestHarness, memoryStoreHarness } from './harnesses/memory.ts'
import { pairHarness } from './harnesses/pair.ts'
import { sqliteManifestHarness, sqlitePairHarness, sqliteStoreHarness } from './harnesses/sqlite.ts'
import { printMatrix } from './matrix.ts'

const stores = [memoryStoreHarness, fsStoreHarness, sqliteStoreHarness]
const manifests = [memoryManifestHarness, sqliteManifestHarness]
const pairs = stores.flatMap(store => manifests.map(manifest => pairHarness(store(), manifest())))
printMatrix('pairs', [...pairs, sqlitePairHarness()].map(testSession))
