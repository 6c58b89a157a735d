import type { ConformanceCase, ManifestCase, ManifestDriverCase, SessionCase, StoreCase } from './case.ts'
import type { HarnessKind } from './harness.ts'
import { manifestCases } from './manifest/index.ts'
import { manifestDriverCases } from './manifest-driver/index.ts'
import { sessionCases } from './session/index.ts'
import { storeCases } from './store/index.ts'

export { manifestCases, manifestDriverCases, sessionCases, storeCases }

/** Every case, by the kind of harness that runs it. */
export const allCases: { readonly [Kind in HarnessKind]: readonly ConformanceCase<Kind>[] } = {
  store: storeCases satisfies readonly StoreCase[],
  manifest: manifestCases satisfies readonly ManifestCase[],
  session: sessionCases satisfies readonly SessionCase[],
  'manifest-driver': manifestDriverCases satisfies readonly ManifestDriverCase[],
}
