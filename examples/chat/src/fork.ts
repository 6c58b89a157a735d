import { attachmentsFor } from '@lash/attachments-ai-sdk'
import type { openAttachments } from './attachments.ts'
import type { Tables } from './tables.ts'

type Attachments = Awaited<ReturnType<typeof openAttachments>>

/**
 * A chat that says what this one has said so far. No byte is read or written. Whatever becomes of one of them, the
 * other keeps what it has.
 */
export async function fork({ view, save }: Attachments, tables: Tables, chat: string, owner: string): Promise<string> {
  const forked = tables.addChat(owner)
  for (const message of tables.messagesOf(chat)) {
    const [from, to] = [view(chat, message.id), view(forked, message.id)]
    save(to, await attachmentsFor(to).hold([message], { from }), message)
  }
  return forked
}
