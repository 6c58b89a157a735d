import { type AttachmentErrorCode, AttachmentNotFoundError, AttachmentStoreError } from '../errors.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { MaintenanceFailure } from './progress.ts'

/** So many failures in a row, of other kinds than those of single blobs, mean that a backend is down. */
const failuresInARow = 10

const codesOfOneBlob: readonly AttachmentErrorCode[] = ['corrupt', 'missing_meta', 'metadata_decode', 'too_large']

/** Whether the error tells of one blob alone: it is damaged, or larger than a store takes. */
export function isOfOneBlob(error: unknown): boolean {
  return AttachmentStoreError.isInstance(error) && codesOfOneBlob.includes(error.code)
}

/** What failed in a run, which goes on past single failures and ends when a backend is down. */
export class Failures {
  readonly list: MaintenanceFailure[] = []
  #inARow = 0

  /**
   * What became of the call. What failed is in the list. A copy that is gone was not found: somebody has deleted it
   * since it was listed.
   * @throws `signal.reason`, the error of a store that is closed, or what ended ten calls in a row.
   */
  async outcomeOf(
    { id, generation }: AttachmentKey,
    signal: AbortSignal | undefined,
    call: () => Promise<void>,
  ): Promise<'done' | 'failed' | 'gone'> {
    try {
      await call()
      this.#inARow = 0
      return 'done'
    } catch (error) {
      signal?.throwIfAborted()
      if (AttachmentNotFoundError.isInstance(error)) return 'gone'
      if (isOfOneBlob(error)) this.#inARow = 0
      else if (++this.#inARow === failuresInARow || isClosed(error)) throw error
      this.list.push({ id, generation, error })
      return 'failed'
    }
  }
}

function isClosed(error: unknown): boolean {
  return AttachmentStoreError.isInstance(error) && error.code === 'closed'
}
