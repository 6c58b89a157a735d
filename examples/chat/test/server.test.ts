import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reclaimOrphanedAttachments } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { run } from '../../test/programs.ts'
import { mockModel } from '../src/mock-model.ts'
import { startChat } from '../src/server.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat-server-test-'))
  return () => rm(folder, { recursive: true, force: true })
})

/** A chat of a person who has come to the server. */
async function aChat() {
  const server = await startChat({ port: 0, folder, model: mockModel() })
  let isOpen = true
  const close = async () => {
    if (isOpen) await server.close()
    isOpen = false
  }
  onTestFinished(close)
  const arrival = await fetch(server.url, { redirect: 'manual' })
  const cookie = arrival.headers.get('set-cookie')?.split(';')[0] as string
  const id = arrival.headers.get('location')?.split('/').at(-1) as string
  const ask = (method: string, path: string, init: RequestInit = {}) =>
    fetch(server.url + path, { method, ...init, headers: { cookie, origin: server.url, ...init.headers } })
  const send = (message: object, init: RequestInit = {}) => {
    const headers = { 'content-type': 'application/json' }
    return ask('POST', `/api/chats/${id}/messages`, { body: JSON.stringify({ message }), headers, ...init })
  }
  const upload = async (text: string) => {
    const headers = { 'content-type': 'text/plain', 'content-disposition': 'attachment; filename="a.txt"' }
    const response = await ask('POST', `/attachments?chat=${id}`, { body: text, headers })
    const { attachments } = (await response.json()) as { attachments: { id: string }[] }
    return attachments[0]?.id as string
  }
  const state = async () =>
    (await ask('GET', `/api/chats/${id}`)).json() as Promise<{ messages: { parts: unknown[] }[] }>
  return { id, url: server.url, cookie, ask, send, upload, state, close }
}

const file = { type: 'file', mediaType: 'image/png', filename: 'a.png' }
const userSays = (text: string) => ({ id: 'm1', role: 'user', parts: [{ type: 'text', text }] })

test('an answer gets into the log when the browser goes away in the middle of it', async () => {
  const chat = await aChat()
  const leaving = new AbortController()
  const response = await chat.send(userSays('Draw a boat'), { signal: leaving.signal })
  const reader = response.body?.getReader()
  await reader?.read()
  leaving.abort()
  await expect.poll(async () => (await chat.state()).messages.length).toBe(2)
  expect(JSON.stringify(await chat.state())).toContain('The tool gave me a boat (image/png')
})

test('a deletion that a crash has interrupted is finished at the next start', async () => {
  const chat = await aChat()
  const file = await chat.upload('some words')
  const part = { type: 'file', url: `/attachments/${file}?chat=${chat.id}`, mediaType: 'text/plain', filename: 'a.txt' }
  await (await chat.send({ id: 'm1', role: 'user', parts: [part] })).text()
  await chat.close()
  const database = new Database(join(folder, 'chat.db'))
  database.prepare('UPDATE chats SET deleting = 1').run()
  database.close()

  const next = await startChat({ port: 0, folder, model: mockModel() })
  await next.close()
  await using store = new FileAttachmentStore(join(folder, 'attachments'))
  await using manifest = new SqliteAttachmentManifest({ path: join(folder, 'chat.db') })
  await reclaimOrphanedAttachments(manifest, store, Date.now())
  const files = await readdir(join(folder, 'attachments'), { recursive: true })
  expect(files.filter(path => path.includes(file))).toEqual([])
})

test.each([
  ['of the assistant', { ...userSays('I agree'), role: 'assistant' }],
  [
    'with the output of a tool',
    { id: 'm1', role: 'user', parts: [{ type: 'tool-drawPicture', output: 'attachment:x' }] },
  ],
  ['with a URL of another server', { id: 'm1', role: 'user', parts: [{ ...file, url: 'https://example.org/a.png' }] }],
  ['with bytes in a URL', { id: 'm1', role: 'user', parts: [{ ...file, url: 'data:image/png;base64,iVBORw0KGgo=' }] }],
  ['under the name of the draft', { ...userSays('x'), id: 'draft:' }],
])('a message %s is not taken from a browser', async (_, message) => {
  const chat = await aChat()
  expect((await chat.send(message)).status).toBe(400)
  expect((await chat.state()).messages).toEqual([])
})

test('another site cannot make a browser upload, fork or delete', async () => {
  const chat = await aChat()
  const headers = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' }
  const asked = await Promise.all([
    chat.ask('POST', `/attachments?chat=${chat.id}`, { body: 'x', headers }),
    chat.ask('POST', `/api/chats/${chat.id}/fork`, { headers }),
    chat.ask('DELETE', `/api/chats/${chat.id}`, { headers }),
  ])
  expect(asked.map(({ status }) => status)).toEqual([403, 403, 403])
})

test('it stops in the middle of an upload and of an answer, and keeps what was said', async () => {
  const chat = await aChat()
  const draft = await chat.upload('not sent yet')
  const uploading = request(`${chat.url}/attachments?chat=${chat.id}`, {
    method: 'POST',
    headers: { cookie: chat.cookie, 'content-type': 'text/plain', 'content-length': 1000 },
  })
  uploading.on('error', () => undefined)
  await new Promise(resolve => uploading.write('the beginning of a text', resolve))
  const response = await chat.send(userSays('Who are you?'))
  await response.body?.getReader().read()
  await chat.close()

  const database = new Database(join(folder, 'chat.db'))
  onTestFinished(() => void database.close())
  const [question] = database.prepare('SELECT json FROM messages ORDER BY position').pluck().all()
  expect(question).toContain('Who are you?')
  const files = await readdir(join(folder, 'attachments'), { recursive: true })
  expect(files.filter(path => /[0-9a-f]{64}/.test(path) && !path.includes(draft))).toEqual([])
})

test('a port that is taken, and one that is none, is one line', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => other.once('listening', resolve))
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const taken = await run('chat/src/main.ts', ['--port', String(port), '--data', folder])
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringMatching(/^.*EADDRINUSE.*\n$/) })
  const none = await run('chat/src/main.ts', ['--port', 'x'])
  expect(none).toMatchObject({ code: 1, stderr: '--port needs a number from 0 to 65535; see --help\n' })
})
