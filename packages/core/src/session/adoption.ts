import { concurrently } from '../calls/concurrently.ts'
import type { AttachmentId } from '../content/id.ts'
import { type AttachmentRef, refTo } from '../content/meta.ts'
import { AttachmentInvalidArgumentError, AttachmentNotFoundError } from '../errors.ts'
import type { AttachmentSignalOptions } from '../store/store.ts'
import type { HolderView } from './held-refs.ts'
import { intentFor, recorded, withdrawIntent } from './intents.ts'
import type { PendingAttachments } from './pending.ts'

/** A view that others may adopt from. */
export interface AdoptionSource extends HolderView {
  ref(id: AttachmentId, options: AttachmentSignalOptions): Promise<AttachmentRef | undefined>
}

/** How many attachments are adopted at a time. */
const adoptionConcurrency = 64

/** Gives the holder refs of its own to what another view holds. They are pending when all of them are recorded. */
export async function adoptAll(
  view: HolderView,
  ids: readonly AttachmentId[],
  from: AdoptionSource,
  pending: PendingAttachments,
  now: () => number,
  options: AttachmentSignalOptions,
): Promise<Map<AttachmentId, AttachmentRef>> {
  if (from.inner !== view.inner || from.manifest !== view.manifest) {
    throw new AttachmentInvalidArgumentError(
      'adopt takes no bytes to another store: read them there and put them here, or make both views of one store',
    )
  }
  const adopted = new Map<AttachmentId, AttachmentRef>()
  const puts = new Map([...new Set(ids)].map(id => [id, pending.begin(id)]))
  try {
    await concurrently([...puts], adoptionConcurrency, async ([id, put]) => {
      options.signal?.throwIfAborted()
      const ref = await adopt(view, id, from, now(), options)
      put.intentRecorded(ref.generation ?? 0)
      adopted.set(id, ref)
    })
    for (const [id, put] of puts) put.succeeded(adopted.get(id) as AttachmentRef)
  } finally {
    for (const put of puts.values()) put.ended()
  }
  return adopted
}

/**
 * The intent comes before the look at the bytes. If a sweep takes them after the look, it has met the intent, and the
 * commit is refused. The other way round, bytes that are gone could be committed.
 */
async function adopt(
  view: HolderView,
  id: AttachmentId,
  from: AdoptionSource,
  intentAt: number,
  options: AttachmentSignalOptions,
): Promise<AttachmentRef> {
  let source = await from.ref(id, options)
  if (source === undefined) throw new AttachmentNotFoundError(id)
  for (;;) {
    const { generation: _, byteLength, id: __, ...meta } = source
    const intent = intentFor(view, source, meta, intentAt)
    const generation = await recorded(id, options.signal, () => view.manifest.recordIntent(intent))
    const present = await view.inner.stat(id, { ...options, generation })
    if (present?.byteLength === byteLength || (await isCopied(view, source, generation, options))) {
      return refTo({ id, byteLength, ...meta }, generation)
    }
    // If a sweep and another put of the source came between, the bytes are there again.
    const found: AttachmentRef | undefined = await from.ref(id, options)
    if (found === undefined || found.generation === source.generation) {
      await withdrawIntent(view, id)
      throw new AttachmentNotFoundError(id)
    }
    source = found
  }
}

/** Copies the bytes to the generation. False when those of the source are gone too. */
async function isCopied(
  { inner }: HolderView,
  { id, generation: from = 0, byteLength: _, ...meta }: AttachmentRef,
  generation: number,
  options: AttachmentSignalOptions,
): Promise<boolean> {
  if (generation === from) return false
  try {
    const { body } = await inner.stream(id, { ...options, generation: from })
    await inner.put(body, meta, { ...options, generation })
    return true
  } catch (error) {
    if (AttachmentNotFoundError.isInstance(error)) return false
    throw error
  }
}
