import { concurrently } from '../calls/concurrently.ts'
import type { AttachmentId } from '../content/id.ts'
import { type AttachmentRef, refTo, storedMeta } from '../content/meta.ts'
import { AttachmentInvalidArgumentError, AttachmentNotFoundError } from '../errors.ts'
import type { AttachmentSignalOptions } from '../store/store.ts'
import { type HolderView, lengthOf, ownMeta, readHeld } from './held-refs.ts'
import { intentFor, recorded } from './intents.ts'
import type { PendingAttachments } from './pending.ts'

/** How many attachments are adopted at a time. */
const adoptionConcurrency = 64

/** Gives the holder refs of its own to what another view holds. They are pending when all of them are recorded. */
export async function adoptAll(
  view: HolderView,
  refs: readonly AttachmentRef[],
  from: HolderView,
  pending: PendingAttachments,
  intentAt: number,
  options: AttachmentSignalOptions,
): Promise<AttachmentRef[]> {
  if (from.inner !== view.inner || from.manifest !== view.manifest) {
    throw new AttachmentInvalidArgumentError('adopt within one store and manifest, else put the bytes')
  }
  const puts = refs.map(({ id }) => pending.begin(id))
  try {
    const adopted = await concurrently(puts, adoptionConcurrency, async put => {
      const ref = await adopt(view, put.id, from, intentAt, options)
      put.generation = ref.generation ?? 0
      return ref
    })
    for (const [index, put] of puts.entries()) put.ref = adopted[index]
    return adopted
  } finally {
    for (const put of puts) pending.end(put)
  }
}

/**
 * The intent comes before the look at the bytes. If a sweep takes them after the look, it has met the intent, and the
 * commit is refused. The other way round, bytes that are gone could be committed. When there are none, the intent is
 * taken back; not if it is committed, since meanwhile this holder may have put the bytes itself.
 */
async function adopt(
  view: HolderView,
  id: AttachmentId,
  from: HolderView,
  intentAt: number,
  options: AttachmentSignalOptions,
): Promise<AttachmentRef> {
  const { inner, manifest, sessionId, holder = '' } = view
  return readHeld(from, id, options, async source => {
    const byteLength = (await lengthOf(from, source, options)) ?? 0
    const meta = ownMeta(source)
    const intent = intentFor(view, { id, byteLength }, meta, intentAt)
    const generation = await recorded(id, options.signal, () => manifest.recordIntent(intent))
    const copy = { ...options, generation }
    if ((await inner.stat(id, copy))?.byteLength !== byteLength) {
      try {
        const { body } = await inner.stream(id, { ...options, generation: source.generation })
        await inner.put(body, meta, copy)
      } catch (error) {
        if (AttachmentNotFoundError.isInstance(error)) {
          await manifest.releaseRefs(sessionId, [id], { holder, uncommittedOnly: true })
        }
        throw error
      }
    }
    return refTo(storedMeta(id, byteLength, meta), generation)
  })
}
