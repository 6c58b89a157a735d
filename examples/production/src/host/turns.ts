import { randomUUID } from 'node:crypto'
import {
  type AttachmentCreateMeta,
  AttachmentIntentExpiredError,
  type AttachmentRef,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { type Host, inTransaction } from './host.ts'

export interface Upload {
  readonly bytes: Uint8Array
  readonly meta: AttachmentCreateMeta
}

export interface TurnOutcome {
  /** Undefined when the turn was cancelled. */
  readonly saved: readonly AttachmentRef[] | undefined
  /** Contents that had to be put again, since the turn took longer than the grace of the sweeps. */
  readonly putAgain: number
}

/** With a grace that is hopelessly short, a sweep may take the bytes again while they are being committed. */
const mostAttempts = 10

/**
 * One turn of a conversation: puts what the user sent, has the model answer, and saves both.
 *
 * Each turn is a holder of its own in the conversation. So what it says of its attachments, and whether it lets go of
 * them, is nothing to another turn that has the same bytes.
 * @param answer - gives the model's answer, or undefined when the user stopped it: then nothing is saved, and the turn
 *   lets go of what it has put.
 */
export async function takeTurn(
  host: Host,
  conversationId: string,
  uploads: readonly Upload[],
  answer: () => Promise<string | undefined>,
): Promise<TurnOutcome> {
  const id = randomUUID()
  const holder = new SessionScopedAttachmentStore(host.store, host.manifest, conversationId, { holder: id })
  let attachments = await putAll(holder, uploads)
  const text = await answer()
  if (text === undefined) {
    await holder.release()
    return { saved: undefined, putAgain: 0 }
  }
  const turn = { id, conversationId, text }
  let putAgain = 0
  for (let attempt = 1; ; attempt++) {
    try {
      await saveTurn(host, { ...turn, attachments })
      break
    } catch (error) {
      if (!AttachmentIntentExpiredError.isInstance(error) || attempt === mostAttempts) throw error
      const expired = uploads.filter((_, index) => error.ids.includes(attachments[index]?.id ?? ''))
      putAgain += expired.length
      const renewed = new Map((await putAll(holder, expired)).map(ref => [ref.id, ref]))
      // The new refs may be of a later generation: the turn is saved with them, not with the old ones.
      attachments = attachments.map(ref => renewed.get(ref.id) ?? ref)
    }
  }
  holder.markManifestCommitted(attachments.map(ref => ref.id))
  return { saved: attachments, putAgain }
}

/** All at the same time, in the order of the uploads. */
function putAll(holder: SessionScopedAttachmentStore, uploads: readonly Upload[]): Promise<AttachmentRef[]> {
  return Promise.all(uploads.map(({ bytes, meta }) => holder.put(bytes, meta)))
}

export interface Turn {
  /** Chosen by the host, so that saving a turn twice is saving it once. It is also the holder of the attachments. */
  readonly id: string
  readonly conversationId: string
  readonly text: string
  readonly attachments: readonly AttachmentRef[]
}

/**
 * Saves a turn and commits its refs in one transaction: at no moment can a crash leave a turn that points at bytes
 * which a sweep may take, nor committed bytes that no turn points at.
 * @throws AttachmentIntentExpiredError when a sweep has taken any of the refs; then nothing was saved.
 */
export async function saveTurn({ pool, manifest }: Host, turn: Turn): Promise<void> {
  const { id, conversationId, text, attachments } = turn
  await inTransaction(pool, async client => {
    await client.query(
      `INSERT INTO turns (id, conversation_id, text, attachments) VALUES ($1, $2, $3, $4)
      ON CONFLICT (id) DO NOTHING`,
      [id, conversationId, text, JSON.stringify(attachments)],
    )
    // Last: what it locks is held until the transaction ends.
    await manifest.commitRefs(conversationId, attachments, { holder: id, client })
  })
}
