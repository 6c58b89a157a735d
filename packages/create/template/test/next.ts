import { type CaseOutcome, firstFailure } from '@lash/attachments-conformance'
import { manifestDriverHarness, manifestHarness } from './manifest-harness.ts'
import { storeHarness } from './store-harness.ts'

// The first rule that is broken says what to write next.
let failure: CaseOutcome | undefined
failure ??= await firstFailure(storeHarness())
failure ??= await firstFailure(manifestDriverHarness())
failure ??= await firstFailure(manifestHarness())
console.log(failure?.error?.message ?? 'No rule is broken: run the tests for the report.')
process.exitCode = failure === undefined ? 0 : 1
