import { join } from 'node:path'
import { attachmentsFor, attachmentUrl } from '@lash/attachments-ai-sdk'
import { type AttachmentRef, reclaimOrphanedAttachments, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { createAttachmentHandler } from '@lash/attachments-http'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import type { LanguageModel, UIMessage } from 'ai'
import { createUIMessageStream, generateId, isStepCount, streamText, tool, toUIMessageStream } from 'ai'
import { draw, drawing, drawn } from './draw.ts'
import { withinReach } from './model.ts'
import type { ChatOf, Tables } from './tables.ts'
import { idIn, urlOf } from './urls.ts'

/*
 * All that the server has to do with attachments; fork.ts adds forks. A chat is a session. Each message holds what it
 * shows, under its own id, and the draft what has been uploaded and is not sent yet. No message has an id with a colon.
 */

const draftHolder = 'draft:'
type View = SessionScopedAttachmentStore

export async function openAttachments(folder: string, tables: Tables, chatOf: ChatOf) {
  const store = new FileAttachmentStore(join(folder, 'attachments'))
  const manifest = new SqliteAttachmentManifest({ database: tables.database })
  const view = (chat: string, holder?: string) => new SessionScopedAttachmentStore(store, manifest, chat, { holder })

  // A message and its refs are saved together or not at all: the manifest is in the host's own database.
  const save = tables.database.transaction((held: View, refs: AttachmentRef[], message?: UIMessage) => {
    tables.add(held.sessionId, message)
    manifest.commitRefsSync(held.sessionId, refs, { holder: held.holder })
  }).immediate

  // Upload, download, and the removal of a chip.
  const { fetch } = createAttachmentHandler({
    session: request => {
      const chat = chatOf(request)
      return chat === undefined ? undefined : view(chat, draftHolder)
    },
    commit: (refs, { session }) => save(session, refs),
    maxByteLength: 300e6,
  })

  // What a browser sends is a claim: the chat vouches for it, and the message adopts it from the draft.
  async function receive(chat: string, sent: UIMessage): Promise<void> {
    const [draft, held] = [view(chat, draftHolder), view(chat, sent.id)]
    const slim = await attachmentsFor(draft).fromBrowser([sent], idIn)
    const refs = await attachmentsFor(held).hold(slim)
    save(held, refs, slim[0])
    await draft.release(refs.map(ref => ref.id))
  }

  async function answer(chat: string, model: LanguageModel, abortSignal: AbortSignal) {
    const id = generateId()
    const held = view(chat, id)
    const a = attachmentsFor(held)
    const drawPicture = tool({
      ...drawing,
      execute: async ({ subject }) => attachmentUrl(await held.put(draw(subject), { ...drawn, label: subject })),
      toModelOutput: a.toModelOutput,
    })
    const options = { tools: { drawPicture }, experimental_download: a.download, abortSignal, signal: abortSignal }
    const messages = await a.toModelMessages(tables.messagesOf(chat).map(withinReach), options)
    const { stream } = streamText({ model, messages, stopWhen: isStepCount(5), ...options })
    return createUIMessageStream({
      generateId: () => id,
      execute: ({ writer }) => writer.merge(toUIMessageStream({ stream }).pipeThrough(a.externalizeStream())),
      onEnd: async ({ responseMessage: said }) => save(held, await a.hold([said]), said),
    }).pipeThrough(a.forBrowserStream(id => urlOf(chat, id)))
  }

  // Of a message, or of a chat with all that it has. Each step may be repeated, so a crash in between does no harm.
  async function remove(chat: string, message?: string): Promise<void> {
    tables.markDeleting(chat, message)
    await view(chat, message).release()
    tables.erase(chat, message)
  }
  for (const { chat, message } of tables.deletions()) await remove(chat, message)

  const stateOf = async (chat: string) => ({
    messages: attachmentsFor(view(chat)).forBrowser(tables.messagesOf(chat), id => urlOf(chat, id)),
    draft: await Array.fromAsync(view(chat, draftHolder).list(), ({ id }) => view(chat).ref(id)),
    attachmentByteLength: (await view(chat).usage()).byteLength,
  })

  // Every ten minutes: what nobody has committed within the hour, and what everybody has let go of.
  const sweep = () => reclaimOrphanedAttachments(manifest, store, Date.now() - 3_600_000).catch(console.error)
  const timer = setInterval(sweep, 600_000)
  const close = () => Promise.all([clearInterval(timer), store.close(), manifest.close()])
  return { fetch, view, save, receive, answer, remove, stateOf, close }
}
