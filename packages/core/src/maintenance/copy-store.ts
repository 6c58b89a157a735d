import { type AttachmentKey, physicalName } from '../store/driver.ts'
import type { AttachmentListing, AttachmentStore } from '../store/store.ts'
import { Failures } from './failures.ts'
import type { MaintenanceFailure } from './progress.ts'
import { namesUnder, sortedListing } from './sorted-listing.ts'
import { runOverCopies, type StoreRunOptions } from './store-run.ts'
import { hasCopy, putWhole } from './whole-copy.ts'

export interface CopyStoreOptions extends StoreRunOptions {
  /** Count what would be copied, by what both stores list. Reads no bytes and puts none. Default false. */
  dryRun?: boolean | undefined
}

export interface CopyStoreReport {
  /** How many copies the source has listed. */
  listedCount: number
  /** How many of them were put or, in a dry run, would be. */
  copiedCount: number
  /** The length of these together, in bytes. */
  copiedByteLength: number
  /** How many were in the target already, whole by what its `stat` says. */
  presentCount: number
  /** What could not be read or put, with the reason. Of what could not be read, nothing is in the target. */
  failures: readonly MaintenanceFailure[]
}

/** A listed copy, and whether the target lists it too: then it is to be looked at. */
interface ToCopy extends AttachmentListing {
  readonly mayBeThere: boolean
}

/**
 * Copies everything that one store lists to another one, with ids, generations and metadata, and deletes nothing. What
 * the target has is left as it is, so a run that was stopped or killed is gone on with by running it again. Bytes are
 * compared with their id before they are put.
 *
 * Both stores may be in use. What is put meanwhile may or may not be copied: run it again, and last when nobody puts. A
 * copy that is deleted before it was read is left out.
 *
 * Memory depends neither on the number of blobs nor on their size: up to `concurrency` blobs are at work, of more than
 * 1 MiB in pieces, and up to 10,000 names are held, and failures with their errors.
 *
 * That what is there is whole, the target's `stat` says, which reads no bytes: run `verifyStore` on it afterwards.
 * @throws AttachmentInvalidArgumentError, `signal.reason`, the error of a listing, or, when ten copies in a row have
 * failed, the error of the tenth, such as AttachmentBackendError: a backend is down.
 */
export async function copyStore(
  from: AttachmentStore,
  to: AttachmentStore,
  options: CopyStoreOptions = {},
): Promise<CopyStoreReport> {
  const { prefix = '', dryRun = false, signal } = options
  const failures = new Failures()
  const report = { listedCount: 0, copiedCount: 0, copiedByteLength: 0, presentCount: 0, failures: failures.list }

  async function* toCopy(): AsyncGenerator<ToCopy[], void, void> {
    for await (const { prefix: shard, copies } of sortedListing(from, prefix, undefined, signal)) {
      // One request tells of a thousand copies that they are not there.
      const names = copies.length === 0 ? undefined : await namesUnder(to, shard, signal)
      yield copies.map(copy => ({ ...copy, mayBeThere: names?.has(physicalName(copy)) ?? true }))
    }
  }

  await runOverCopies(options, toCopy, failures.list, async copy => {
    report.listedCount++
    const { id, generation, byteLength, mayBeThere } = copy
    const key: AttachmentKey = { id, generation }
    await failures.outcomeOf(key, signal, async () => {
      if (mayBeThere && (await hasCopy(to, key, byteLength, { signal }))) {
        report.presentCount++
        return
      }
      if (!dryRun) await putWhole(from, copy, to, { generation, signal })
      report.copiedCount++
      report.copiedByteLength += byteLength
    })
  })
  return report
}
