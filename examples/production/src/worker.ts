import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AttachmentStoreError,
  type LlmAttachment,
  resolveLlmRequestAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { say, sayLast, whenAskedToStop } from './crew.ts'
import { randomUploads } from './documents.ts'
import {
  beginConversation,
  closeConversation,
  conversationsOf,
  deleteConversation,
  finishDeletions,
  latestRefs,
} from './host/conversations.ts'
import { openHost, settingsFrom } from './host/host.ts'
import { takeTurn } from './host/turns.ts'
import { noWork } from './report.ts'

/*
 * A worker process: serves a few conversations at a time, until it is asked to stop. Started again after a crash, it
 * finishes the deletions that were under way, and goes on with the conversations that were open. It knows of them, and
 * of their attachments, what the database says.
 */

const [name, slowMs] = process.argv.slice(2) as [string, string]
const conversationsAtATime = 4

const stopping = whenAskedToStop()
const tally = { ...noWork }
const host = openHost(settingsFrom(process.env), name)
const finishedDeletions = await finishDeletions(host, name)
const resumed = await conversationsOf(host.pool, name, 'open')
say({ type: 'started', resumed: resumed.length, finishedDeletions })

const timer = setInterval(() => say({ type: 'work', tally }), 100)
const waiting = resumed.values()
await Promise.all(Array.from({ length: conversationsAtATime }, keepConversing))
clearInterval(timer)
await host.close()
await sayLast({ type: 'work', tally })

/** One conversation after the other, those that were open at first; half of them are deleted when they are over. */
async function keepConversing(): Promise<void> {
  // However soon it is asked to stop, this life of the worker has saved something.
  const mayStop = () => stopping.aborted && tally.turns > 0
  while (!mayStop()) {
    const { value, done } = waiting.next()
    const id: string = done ? await newConversation() : value
    for (let turns = 1 + Math.floor(Math.random() * 6); turns > 0; turns--) {
      if (mayStop()) return
      await converse(id)
    }
    if (Math.random() < 0.5) {
      await closeConversation(host.pool, id)
    } else {
      await deleteConversation(host, id)
      tally.deletedConversations++
    }
  }
}

async function newConversation(): Promise<string> {
  const id = `${name}/${randomUUID()}`
  await beginConversation(host.pool, id, name)
  return id
}

async function converse(conversationId: string): Promise<void> {
  const { saved, putAgain } = await takeTurn(host, conversationId, randomUploads(), async () => {
    say({ type: 'answering' })
    return answer(conversationId)
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

/** Plays the model: is given the attachments of the last turns, thinks for a while, and is stopped now and then. */
async function answer(conversationId: string): Promise<string | undefined> {
  await readBack(conversationId)
  const slow = Math.random() < 0.08
  await sleep((slow ? Number(slowMs) : 20) + Math.random() * 100)
  return Math.random() < 0.1 ? undefined : 'That is what they say.'
}

/** What was committed has to be there, in the middle of everything, too. */
async function readBack(conversationId: string): Promise<void> {
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
