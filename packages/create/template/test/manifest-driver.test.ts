import { testManifestDriver } from '@lash/attachments-conformance/vitest'
import { manifestDriverHarness } from './manifest-harness.ts'

testManifestDriver(manifestDriverHarness())
