import type { PlainManifestClass } from './plain-harness.ts'

/** A manifest with one realistic defect. */
export interface ManifestSabotage {
  /** What its author did wrong. */
  readonly defect: string
  readonly Manifest: PlainManifestClass
  /** The cases that must catch it: their titles name the rule that is broken. The last one, where there are several, loses bytes. */
  readonly caughtBy: readonly string[]
}
