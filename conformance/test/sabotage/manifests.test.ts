import { AssertionError } from 'node:assert'
import { manifestCases, runCase, runConformance, sessionCases } from '@lash/attachments-conformance'
import { AttachmentStoreError } from '@lash/attachments-core'
import { describe, expect, test } from 'vitest'
import { auditSabotages } from './manifests/audits.ts'
import { claimSabotages } from './manifests/claims.ts'
import { commitSabotages } from './manifests/commits.ts'
import { filterSabotages } from './manifests/filters.ts'
import { floorSabotages } from './manifests/floor.ts'
import { halfDoneSabotages } from './manifests/half-done.ts'
import { holderSabotages } from './manifests/holders.ts'
import { intentSabotages } from './manifests/intents.ts'
import { malformedIdSabotages } from './manifests/malformed-ids.ts'
import { metadataSabotages } from './manifests/metadata.ts'
import { moveSabotages } from './manifests/moves.ts'
import { numberSabotages } from './manifests/numbers.ts'
import { plainManifestHarness, plainPairHarness } from './manifests/plain-harness.ts'
import { sizeSabotages } from './manifests/sizes.ts'

const sabotages = [
  ...intentSabotages,
  ...metadataSabotages,
  ...commitSabotages,
  ...holderSabotages,
  ...claimSabotages,
  ...auditSabotages,
  ...floorSabotages,
  ...filterSabotages,
  ...numberSabotages,
  ...malformedIdSabotages,
  ...sizeSabotages,
  ...moveSabotages,
  ...halfDoneSabotages,
]
const caught = sabotages.flatMap(Manifest =>
  Manifest.caughtBy.map(caseId => ({ Manifest, name: Manifest.name, defect: Manifest.defect, caseId })),
)

test.each([plainManifestHarness(), plainPairHarness()])(
  'the manifest that the sabotaged ones are made from passes every $kind case',
  async harness => {
    const report = await runConformance(harness)
    const failed = report.outcomes.filter(outcome => outcome.status === 'failed')
    expect(failed.map(outcome => outcome.error?.message)).toEqual([])
  },
)

describe('each sabotaged manifest is caught by the case that names its defect', () => {
  test.each(caught)('$name: $defect ($caseId)', async ({ Manifest, caseId }) => {
    const tested = [...manifestCases, ...sessionCases].find(candidate => candidate.id === caseId)
    if (tested === undefined) throw new Error(`no such case: ${caseId}`)
    const harness = tested.kind === 'manifest' ? plainManifestHarness(Manifest) : plainPairHarness(Manifest)
    const outcome = await runCase(harness, tested)
    expect(outcome.status).toBe('failed')
    // An assertion of the case or the manifest itself failed; not the harness, and not the limit of time.
    const cause = outcome.error?.cause
    expect(cause instanceof AssertionError || AttachmentStoreError.isInstance(cause), `${cause}`).toBe(true)
    expect(outcome.error?.message).toContain(tested.title)
  })
})
