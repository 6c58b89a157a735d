/** What is kept of a blob beside its bytes. */
export interface BlobRow {
  /** Of what was put. */
  readonly byteLength: number
  readonly storedAtEpochMs: number
  /** See `encodeStoredMeta`. */
  readonly meta: string
}
