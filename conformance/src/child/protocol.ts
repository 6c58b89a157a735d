/** Bytes that both processes can make: `sampleBytes(length, seed)`. */
export interface SampleName {
  readonly length: number
  readonly seed: number
}

/** What a case asks a child process to do with the store that it has opened. */
export type StoreCommand =
  /** Puts the samples at once; answers with their ids. */
  | { readonly op: 'put-all'; readonly samples: readonly SampleName[]; readonly streamed?: boolean }
  /** Puts samples one after the other until killed; says the id of each as soon as its put has resolved. */
  | { readonly op: 'put-until-killed'; readonly firstSeed: number; readonly lengths: readonly number[] }
  /** Puts the first half of the sample as a stream that then waits for ever; says `stalled` when it does. */
  | { readonly op: 'put-halfway'; readonly sample: SampleName }
  /** Answers with the SHA-256 of what `get` gives, by id, or its error's code. */
  | { readonly op: 'hash-all'; readonly ids: readonly string[] }
  | { readonly op: 'close' }

/** A line from the child. */
export type StoreReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'event'; readonly value: string }
  | { readonly kind: 'done'; readonly value: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string }
