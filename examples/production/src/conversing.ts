import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AttachmentStoreError,
  type LlmAttachment,
  resolveLlmRequestAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { randomUploads } from './documents.ts'
import { beginConversation, closeConversation, deleteConversation, latestRefs } from './host/conversations.ts'
import type { Host } from './host/host.ts'
import { takeTurn } from './host/take-turn.ts'
import type { WorkerMessage, WorkerTally } from './messages.ts'

export interface Work {
  readonly host: Host
  readonly worker: string
  /** How long the slow turns take: longer than the grace of the sweeps. */
  readonly slowMs: number
  readonly tally: WorkerTally
  readonly say: (message: WorkerMessage) => void
  readonly stopping: AbortSignal
}

/** One conversation after the other, those that were open at first; half of them are deleted when they are over. */
export async function keepConversing(work: Work, resumed: Iterator<string>): Promise<void> {
  const { host, stopping, tally } = work
  // However soon it is asked to stop, this life of the worker has saved something.
  const mayStop = () => stopping.aborted && tally.turns > 0
  while (!mayStop()) {
    const { value, done } = resumed.next()
    const id: string = done ? await newConversation(work) : value
    for (let turns = 1 + Math.floor(Math.random() * 6); turns > 0; turns--) {
      if (mayStop()) return
      await converse(work, id)
    }
    if (Math.random() < 0.5) {
      await closeConversation(host.pool, id)
    } else {
      await deleteConversation(host, id)
      tally.deletedConversations++
    }
  }
}

async function newConversation({ host, worker }: Work): Promise<string> {
  const id = `${worker}/${randomUUID()}`
  await beginConversation(host.pool, id, worker)
  return id
}

async function converse(work: Work, conversationId: string): Promise<void> {
  const { host, tally } = work
  const { saved, putAgain } = await takeTurn(host, conversationId, randomUploads(), async () => {
    work.say({ type: 'answering' })
    return answer(work, conversationId)
  })
  tally.putAgain += putAgain
  if (saved === undefined) {
    tally.cancelledTurns++
    return
  }
  tally.turns++
  tally.attachments += saved.length
  for (const ref of saved) tally.bytes += ref.byteLength
}

/** Plays the model: is given the attachments of the last turns, thinks for a while, and is stopped by its user now and then. */
async function answer(work: Work, conversationId: string): Promise<string | undefined> {
  await readBack(work, conversationId)
  const slow = Math.random() < 0.08
  await sleep((slow ? work.slowMs : 20) + Math.random() * 100)
  return Math.random() < 0.1 ? undefined : 'That is what they say.'
}

/** What was committed has to be there, in the middle of everything, too. */
async function readBack({ host, tally, say }: Work, conversationId: string): Promise<void> {
  const refs = await latestRefs(host.pool, conversationId, 2)
  const session = new SessionScopedAttachmentStore(host.store, host.manifest, conversationId)
  try {
    const request = { attachments: refs.map((reference): LlmAttachment => ({ reference })) }
    const { attachments } = await resolveLlmRequestAttachments(request, session)
    for (const [index, { data }] of attachments.entries()) {
      const { id } = refs[index] as { id: string }
      const digest = data && createHash('sha256').update(data).digest('hex')
      if (digest !== id) say({ type: 'problem', problem: `${conversationId} read ${digest ?? 'nothing'} for ${id}` })
    }
    tally.readBack += refs.length
  } catch (error) {
    if (!AttachmentStoreError.isInstance(error)) throw error
    say({ type: 'problem', problem: `${conversationId} cannot read what it has committed: ${error.message}` })
  }
}
