import { AssertionError } from 'node:assert'
import { manifestCases, runCase, runConformance, sessionCases } from '@lash/attachments-conformance'
import { AttachmentStoreError } from '@lash/attachments-core'
import { describe, expect, test } from 'vitest'
import { claimSabotages } from './manifests/claims.ts'
import { commitSabotages } from './manifests/commits.ts'
import { intentSabotages } from './manifests/intents.ts'
import { plainManifestHarness, plainPairHarness } from './manifests/plain-harness.ts'

const sabotages = [...intentSabotages, ...commitSabotages, ...claimSabotages]
const caught = sabotages.flatMap(sabotage => sabotage.caughtBy.map(caseId => ({ ...sabotage, caseId })))

test.each([plainManifestHarness(), plainPairHarness()])(
  'the manifest that the sabotaged ones are made from passes every $kind case',
  async harness => {
    const report = await runConformance(harness)
    const failed = report.outcomes.filter(outcome => outcome.status === 'failed')
    expect(failed.map(outcome => outcome.error?.message)).toEqual([])
  },
)

describe('each sabotaged manifest is caught by the case that names its defect', () => {
  test.each(caught)('$Manifest.name: $defect ($caseId)', async ({ Manifest, caseId }) => {
    const ofManifest = manifestCases.find(candidate => candidate.id === caseId)
    const ofSession = sessionCases.find(candidate => candidate.id === caseId)
    const outcome =
      ofManifest !== undefined
        ? await runCase(plainManifestHarness(Manifest), ofManifest)
        : ofSession !== undefined
          ? await runCase(plainPairHarness(Manifest), ofSession)
          : undefined
    expect(outcome?.status).toBe('failed')
    // An assertion of the case failed or the manifest itself did; not the harness, and not the time that the case was given.
    const cause = outcome?.error?.cause
    expect(cause instanceof AssertionError || AttachmentStoreError.isInstance(cause), `${cause}`).toBe(true)
    expect(outcome?.error?.message).toContain((ofManifest ?? ofSession)?.title)
  })
})
