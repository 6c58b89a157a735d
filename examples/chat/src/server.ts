import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { consumeStream, createUIMessageStreamResponse, type LanguageModel } from 'ai'
import { type Context, Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { parse } from 'hono/utils/cookie'
import { z } from 'zod'
import { openAttachments } from './attachments.ts'
import { fork } from './fork.ts'
import { bundlePage } from './page.ts'
import { Tables } from './tables.ts'
import { idIn } from './urls.ts'

export interface ChatServerOptions {
  /** 0 for any that is free. */
  port: number
  /** For the database and the attachments; made if it is not there. */
  folder: string
  model: LanguageModel
}

/** What a browser may send: words, and files that it has uploaded before. */
const sentMessage = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  role: z.literal('user'),
  parts: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('text'), text: z.string().max(100_000) }),
      z.object({
        type: z.literal('file'),
        url: z.string().refine(url => idIn(url) !== undefined),
        mediaType: z.string(),
        filename: z.string(),
      }),
    ]),
  ),
})

/** Nobody logs in here: whoever brings a session's cookie is its owner. */
function ownerOf(request: Request): string {
  return parse(request.headers.get('cookie') ?? '', 'session').session ?? ''
}

/** Starts the chat. `close` ends the streams, then the sweep's timer, then the stores. */
export async function startChat({ port, folder, model }: ChatServerOptions) {
  mkdirSync(folder, { recursive: true })
  const tables = new Tables(join(folder, 'chat.db'))
  const attachments = await openAttachments(folder, tables, request => {
    const chat = new URL(request.url).searchParams.get('chat') ?? ''
    return tables.isOwner(ownerOf(request), chat) ? chat : undefined
  })
  const page = await bundlePage()
  const closing = new AbortController()
  const turns = new Set<Promise<void>>()
  const app = new Hono()

  /** Who may not see a chat learns that there is none. */
  function theChat(c: Context): { chat: string; owner: string } {
    const [chat, owner] = [c.req.param('chat') ?? '', ownerOf(c.req.raw)]
    if (!tables.isOwner(owner, chat)) throw new HTTPException(404, { message: 'there is no such chat' })
    return { chat, owner }
  }

  /** To its end and into the log, also when the browser has gone away. */
  function finish({ stream }: { stream: ReadableStream<string> }): void {
    const turn = Promise.resolve(consumeStream({ stream, onError: console.error })).finally(() => turns.delete(turn))
    turns.add(turn)
  }

  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    if (error.name === 'AttachmentNotFoundError') return c.text('upload the attachments again', 409)
    console.error(error)
    return c.text('this went wrong', 500)
  })

  app.all('/attachments', c => attachments.fetch(c.req.raw))
  app.all('/attachments/*', c => attachments.fetch(c.req.raw))

  app.get('/', c => {
    const owner = ownerOf(c.req.raw) || crypto.randomUUID()
    setCookie(c, 'session', owner, { httpOnly: true, sameSite: 'Lax', maxAge: 365 * 24 * 3600 })
    return c.redirect(`/chats/${tables.chatsOf(owner)[0]?.id ?? tables.addChat(owner)}`)
  })
  app.get('/chats/:chat', c => {
    theChat(c)
    return c.html(page.html, 200, { 'Content-Security-Policy': page.policy })
  })
  app.get('/favicon.ico', c => c.body(null, 204))
  app.get('/page.js', c => c.body(page.script, 200, { 'Content-Type': 'text/javascript' }))
  app.get('/page.css', c => c.body(page.style, 200, { 'Content-Type': 'text/css' }))

  app.use('/api/*', csrf())
  app.post('/api/chats', c => {
    const owner = ownerOf(c.req.raw)
    if (owner === '') throw new HTTPException(404, { message: 'there is no session' })
    return c.json({ id: tables.addChat(owner) }, 201)
  })
  app.get('/api/chats/:chat', async c => {
    const { chat, owner } = theChat(c)
    const [chats, logByteLength] = [tables.chatsOf(owner), tables.logByteLength(chat)]
    return c.json({ chats, logByteLength, ...(await attachments.stateOf(chat)) })
  })
  app.post('/api/chats/:chat/messages', async c => {
    const { chat } = theChat(c)
    const { success, data } = z.object({ message: sentMessage }).safeParse(await c.req.json())
    if (!success) throw new HTTPException(400, { message: 'not a message' })
    await attachments.receive(chat, data.message)
    const stream = await attachments.answer(chat, model, closing.signal)
    return createUIMessageStreamResponse({ stream, consumeSseStream: finish })
  })
  app.delete('/api/chats/:chat/messages/:message', async c => {
    await attachments.remove(theChat(c).chat, c.req.param('message'))
    return c.body(null, 204)
  })
  app.post('/api/chats/:chat/fork', async c => {
    const { chat, owner } = theChat(c)
    return c.json({ id: await fork(attachments, tables, chat, owner) }, 201)
  })
  app.delete('/api/chats/:chat', async c => {
    await attachments.remove(theChat(c).chat)
    return c.body(null, 204)
  })

  // The handler of the attachments ends what stands still, so that a slow upload may take its time.
  const serverOptions = { requestTimeout: 0 }
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1', serverOptions }) as Server

  async function close(): Promise<void> {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    closing.abort()
    await Promise.all(turns)
    server.closeAllConnections()
    await closed
    await attachments.close()
    tables.close()
  }

  try {
    await once(server, 'listening')
  } catch (error) {
    await close()
    throw error
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
