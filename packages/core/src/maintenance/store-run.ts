import { LoopYield } from '../calls/loop-yield.ts'
import { isAttachmentIdPrefix } from '../content/id.ts'
import { AttachmentInvalidArgumentError } from '../errors.ts'
import { checkWhole } from '../numbers.ts'
import type { AttachmentKey } from '../store/driver.ts'
import type { AttachmentListing } from '../store/store.ts'
import { eachConcurrently } from './each-concurrently.ts'
import type { MaintenanceFailure, MaintenanceProgress } from './progress.ts'

/** What every run over a store can be told. */
export interface StoreRunOptions {
  /** Only ids that begin with this. Default: all. */
  prefix?: string | undefined
  /** How many copies are at work at the same time: 1 to 1,000, default 8. */
  concurrency?: number | undefined
  /** Stops the run. It rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
  /** Called after each copy, and at the end. Keep it short: it is called as often as there are copies. */
  onProgress?: ((progress: MaintenanceProgress) => void) | undefined
}

/** Digits of an id that tell where in the store it stands: as many as a number holds exactly. */
const shareDigits = 13

/**
 * Calls with copies that come in the order of ids and generations, and tells the host how far it has come.
 * @throws AttachmentInvalidArgumentError when an option is out of range.
 */
export async function runOverCopies<Copy extends AttachmentListing>(
  options: StoreRunOptions & { after?: AttachmentKey | undefined },
  batches: () => AsyncGenerator<readonly Copy[], void, void>,
  failures: readonly MaintenanceFailure[],
  call: (copy: Copy) => Promise<void>,
): Promise<void> {
  const { prefix = '', concurrency = 8, after, signal, onProgress } = options
  checkWhole('concurrency', concurrency, 1000, 1)
  if (!isAttachmentIdPrefix(prefix)) {
    throw new AttachmentInvalidArgumentError('prefix must be the beginning of an id: up to 64 digits 0-9a-f')
  }
  signal?.throwIfAborted()
  const loopYield = new LoopYield()
  /** Each copy at work, in order, with the one before it. */
  const atWork = new Map<AttachmentKey, AttachmentKey | undefined>()
  const progress: MaintenanceProgress = { count: 0, byteLength: 0, failures }
  let last = after

  const ended = (copy: Copy) => {
    atWork.delete(copy)
    progress.count++
    progress.byteLength += copy.byteLength
    const upTo = atWork.size === 0 ? last : atWork.values().next().value
    onProgress?.({ ...progress, ...(upTo && { upTo: keyOf(upTo), share: shareOf(upTo, prefix) }) })
  }
  await eachConcurrently(batches(), concurrency, async copy => {
    atWork.set(copy, last)
    last = copy
    await loopYield.beforeStep()
    signal?.throwIfAborted()
    await call(copy)
    ended(copy)
  })
  onProgress?.({ ...progress, ...(last && { upTo: keyOf(last) }), share: 1 })
}

function keyOf({ id, generation }: AttachmentKey): AttachmentKey {
  return { id, generation }
}

function shareOf({ id }: AttachmentKey, { length }: string): number {
  const next = id.slice(length, length + shareDigits)
  return next === '' ? 0 : Number.parseInt(next, 16) / 16 ** next.length
}
