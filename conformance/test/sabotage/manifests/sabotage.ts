import type { PlainManifestClass } from './plain-harness.ts'

/** A manifest with one realistic defect. */
export interface SabotagedManifest extends PlainManifestClass {
  readonly name: string
  /** What its author did wrong. */
  readonly defect: string
  /** The cases that must catch it: their titles name the broken rule. The last of several shows that bytes are lost. */
  readonly caughtBy: readonly string[]
}
