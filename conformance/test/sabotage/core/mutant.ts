/** A change to the source. The part stands in the file once. */
export interface Swap {
  /** The end of the file's path. */
  readonly file: string
  readonly part: string
  readonly other: string
}

/** Core with one defect in its sessions, its sweeps, its audit or its portable manifest. */
export interface Mutant {
  /** What its author did wrong. */
  readonly defect: string
  readonly swaps: readonly Swap[]
  /** The cases that must catch it, on what is right otherwise: their titles name the broken rule. */
  readonly caughtBy: readonly string[]
}

export function swapsIn(file: string) {
  return (part: string, other: string): Swap => ({ file: `core/src/${file}`, part, other })
}
