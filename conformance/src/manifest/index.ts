import type { ManifestCase } from '../case.ts'

/** Every case of the manifest contract, in the order of the report. */
export const manifestCases: readonly ManifestCase[] = []
