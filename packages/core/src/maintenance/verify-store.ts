import { isAttachmentId } from '../content/id.ts'
import { checkGeneration } from '../content/meta.ts'
import { AttachmentInvalidArgumentError } from '../errors.ts'
import { free } from '../reading/free.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentListing, AttachmentStore } from '../store/store.ts'
import { Failures } from './failures.ts'
import type { MaintenanceFailure } from './progress.ts'
import { sortedListing } from './sorted-listing.ts'
import { runOverCopies, type StoreRunOptions } from './store-run.ts'
import { wholeBytes } from './whole-copy.ts'

export interface VerifyStoreOptions extends StoreRunOptions {
  /** Go on after this copy: the `upTo` that an earlier run has told last. It need not be there any more. */
  after?: AttachmentKey | undefined
}

export interface VerifyStoreReport {
  /** How many copies were read, damaged ones included. */
  checkedCount: number
  /** The length of what was read whole, in bytes. */
  byteLength: number
  /** What is not whole or could not be read, with the reason. */
  damaged: readonly MaintenanceFailure[]
}

/**
 * Reads everything that the store lists, in the order of ids and generations, and compares it with its id. Changes
 * nothing. A copy that is deleted before it was read is left out.
 *
 * Memory depends neither on the number of blobs nor on their size: up to `concurrency` blobs are read at the same time,
 * of more than 1 MiB in pieces, and up to 5,000 names are held, and what is damaged.
 * @throws AttachmentInvalidArgumentError, `signal.reason`, the error of a listing, or, when ten copies in a row could
 * not be read for another reason than damage, the error of the tenth, such as AttachmentBackendError: the backend is
 * down.
 */
export async function verifyStore(
  store: AttachmentStore,
  options: VerifyStoreOptions = {},
): Promise<VerifyStoreReport> {
  const { prefix = '', after, signal } = options
  if (after !== undefined) checkKey(after)
  const failures = new Failures()
  const report = { checkedCount: 0, byteLength: 0, damaged: failures.list }

  async function* copies(): AsyncGenerator<readonly AttachmentListing[], void, void> {
    for await (const shard of sortedListing(store, prefix, after, signal)) yield shard.copies
  }

  await runOverCopies(options, copies, failures.list, async copy => {
    const outcome = await failures.outcomeOf(copy, signal, async () => {
      await readToTheEnd(store, copy, signal)
      report.byteLength += copy.byteLength
    })
    if (outcome !== 'gone') report.checkedCount++
  })
  return report
}

function checkKey({ id, generation }: AttachmentKey): void {
  if (!isAttachmentId(id)) throw new AttachmentInvalidArgumentError('after must have an id: 64 digits 0-9a-f')
  checkGeneration(generation)
}

/** A store never gives all the bytes of a damaged blob. */
async function readToTheEnd(
  store: AttachmentStore,
  { id, generation, byteLength }: AttachmentListing,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (byteLength <= wholeBytes) {
    const { bytes } = await store.get(id, { generation, signal })
    return free(bytes)
  }
  const { body } = await store.stream(id, { generation, signal })
  for await (const chunk of body) free(chunk)
}
