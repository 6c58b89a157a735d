import { testManifest } from '@lash/attachments-conformance/vitest'
import { memoryManifestHarness } from './harnesses/memory.ts'
import { sqliteManifestHarness } from './harnesses/sqlite.ts'
import { printMatrix } from './matrix.ts'

const harnesses = [memoryManifestHarness(), sqliteManifestHarness(), sqliteManifestHarness({ target: 'memory' })]
printMatrix('manifests', harnesses.map(testManifest))
