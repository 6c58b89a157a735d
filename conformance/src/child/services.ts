import type { AttachmentManifest } from '@lash/attachments-core'

/** Bytes that both processes can make: `sampleBytes(length, seed)`. */
export interface SampleName {
  readonly length: number
  readonly seed: number
}

/** What a case asks of a process that has a store open. */
export interface StoreService {
  /** Puts the samples at once; gives their ids. */
  putAll(samples: readonly SampleName[], streamed?: boolean): Promise<string[]>
  /**
   * Puts samples one after the other until the process is killed. Tells the id of each as soon as its put has
   * resolved.
   */
  putUntilKilled(firstSeed: number, lengths: readonly number[]): Promise<never>
  /** Puts the first half of the sample as a stream that then stalls for ever; resolves when it stalls. */
  putHalfway(sample: SampleName): Promise<void>
  /** The SHA-256 of what `get` gives for each id, or the code of its error. */
  hashAll(ids: readonly string[]): Promise<string[]>
  close(): Promise<void>
}

/** What a case asks of a process that has a manifest open: its methods that take and give plain JSON, and one more. */
export interface ManifestService
  extends Pick<
    AttachmentManifest,
    'recordIntent' | 'commitRefs' | 'releaseRefs' | 'lookup' | 'claimOrphans' | 'settleClaims' | 'close'
  > {
  /** Imports thousands of refs from a source that then stalls for ever; resolves when it stalls. */
  importHalfway(): Promise<void>
}

type JsonEntry = readonly [key: string, value: string | null]

/** What a case asks of a process that has the driver of a manifest open. JSON has no undefined: null stands for it. */
export interface ManifestDriverService {
  get(keys: readonly string[]): Promise<(string | null)[]>
  apply(reads: readonly JsonEntry[], writes: readonly JsonEntry[]): Promise<boolean>
  /**
   * Writes the number of the turn to so many keys with the prefix, again and again until the process is killed. Tells
   * the number of each turn as soon as it has been applied.
   */
  applyUntilKilled(prefix: string, count: number): Promise<never>
  close(): Promise<void>
}

export interface Services {
  store: StoreService
  manifest: ManifestService
  'manifest-driver': ManifestDriverService
}

/** The methods of each service, by which its worker can be called. */
export const serviceMethods: { readonly [Kind in keyof Services]: readonly (keyof Services[Kind])[] } = {
  store: ['putAll', 'putUntilKilled', 'putHalfway', 'hashAll', 'close'],
  manifest: [
    ...(['recordIntent', 'commitRefs', 'releaseRefs', 'lookup', 'claimOrphans', 'settleClaims'] as const),
    ...(['importHalfway', 'close'] as const),
  ],
  'manifest-driver': ['get', 'apply', 'applyUntilKilled', 'close'],
}

/** A line to a worker. */
export interface WorkerCall {
  readonly call: number
  readonly method: string
  readonly args: readonly unknown[]
}

/**
 * A line from a worker: the end of a call, or what a call under way has to tell. Call 0 ends when the worker is
 * ready.
 */
export type WorkerLine =
  | { readonly call: number; readonly value?: unknown }
  | { readonly call: number; readonly error: string; readonly expiredIds?: readonly string[] }
  | { readonly event: string }
