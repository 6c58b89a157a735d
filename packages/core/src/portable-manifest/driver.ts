import type { AttachmentStorePersistence } from '../store/store.ts'

/** Keys from `start`, itself included, up to `end`, itself not included. */
export interface AttachmentManifestRange {
  readonly start: string
  readonly end: string
  /** The most entries to return: 1 to 1,000. */
  readonly limit: number
}

/** What was seen, and what is made of it. */
export interface AttachmentManifestChanges {
  /** Keys with the values that were seen. Undefined: the key was absent. */
  readonly reads: ReadonlyMap<string, string | undefined>
  /** Keys with their new values. Undefined: the key is deleted, if it is there. */
  readonly writes: ReadonlyMap<string, string | undefined>
}

/**
 * What a backend must do so that `PortableAttachmentManifest` makes a manifest of it: an ordered map of text that is
 * changed on condition that what was seen of it still holds.
 *
 * Keys are 1 to 512 characters of printable ASCII, the space included, in the order of their codes; case matters.
 * Values are well-formed Unicode without NUL, at most 16 KiB in UTF-8. An empty value is not an absent key. The keys,
 * values and bounds that a driver gets are right, and need no check.
 *
 * - Calls come at the same time, from this process and, if the backend is shared, from others.
 * - When `apply` has resolved, what begins later sees its writes, in every driver over the same data.
 * - A call that cannot be answered rejects, with any error. That becomes the cause of an `AttachmentBackendError`. An
 *   `apply` that rejects may have been made or not, but never in part.
 */
export interface AttachmentManifestDriver {
  readonly specificationVersion: 1
  /** For messages, such as `redis`. */
  readonly name: string
  /** What applied writes survive. */
  readonly persistence: AttachmentStorePersistence
  /**
   * The most reads and writes together that one `apply` takes, 20 or more. Undefined: no limit. Where there is one, a
   * commit of more refs than fit is refused, and what else is too large is done in several steps.
   */
  readonly maxChanges?: number | undefined
  /**
   * The values of 0 to 1,000 different keys, in the order of the keys; undefined where a key is absent. They need not
   * be one view: each value stood at some moment of the call.
   */
  get(keys: readonly string[]): Promise<(string | undefined)[]>
  /**
   * The first entries of the range in ascending order, as many as there are up to `limit`. Fewer mean that there are no
   * more. Need not be one view, but leaves out no entry that is there during the whole call.
   */
  scan(range: AttachmentManifestRange): Promise<[key: string, value: string][]>
  /**
   * In one step: true, and all writes are made, if every read still holds; false, and nothing is changed, if one does
   * not. There may be no writes, which only asks whether the reads hold, and no reads. A key may be in both.
   *
   * When it resolves with true, not only its writes but also what it has read survive what `persistence` says: a read
   * may be the write of another driver, which has not resolved yet.
   */
  apply(changes: AttachmentManifestChanges): Promise<boolean>
  /** Frees what the driver opened itself. Called once, when no call is in flight; nothing is called after it. */
  close(): Promise<void>
}
