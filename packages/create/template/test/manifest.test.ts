import { testManifest } from '@lash/attachments-conformance/vitest'
import { manifestHarness } from './manifest-harness.ts'

testManifest(manifestHarness())
