import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachmentsFor } from '@lash/attachments-ai-sdk'
import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'
import { convertToModelMessages, type UIMessage } from 'ai'
import { expect, onTestFinished, test } from 'vitest'
import { base64, dataUrl } from './bytes.ts'
import { promptOf } from './model.ts'

const pieces = 40
const pieceLength = 1_000_000

/** Differs from piece to piece, and from place to place. */
function piece(index: number): Uint8Array {
  const bytes = new Uint8Array(pieceLength)
  const words = new Uint32Array(bytes.buffer)
  let word = index + 1
  for (let at = 0; at < words.length; at++) words[at] = word = (Math.imul(word, 1664525) + 1013904223) >>> 0
  return bytes
}

/** 50 messages with 40 MB: files of users, of the model and of its reasoning, and outputs of tools. */
function conversation(): UIMessage[] {
  return Array.from({ length: 50 }, (_, index): UIMessage => {
    const id = `message-${index}`
    const text = { type: 'text', text: `This is what message ${index} says.` } as const
    if (index >= pieces) return { id, role: index % 2 ? 'assistant' : 'user', parts: [text] }
    const url = dataUrl(piece(index), 'application/pdf')
    const file = { type: 'file', mediaType: 'application/pdf', filename: `file ${index}.pdf`, url } as const
    if (index % 2 === 0) return { id, role: 'user', parts: [text, file] }
    if (index % 8 === 1) return { id, role: 'assistant', parts: [text, file] }
    if (index % 8 === 3) {
      return { id, role: 'assistant', parts: [{ type: 'reasoning-file', mediaType: 'application/pdf', url }, text] }
    }
    const data = base64(piece(index))
    const output =
      index % 8 === 5 ? { content: [{ type: 'image', mimeType: 'image/png', data }] } : { shot: url, page: 1 }
    const call = { toolCallId: `call-${index}`, state: 'output-available', input: { page: index }, output } as const
    return { id, role: 'assistant', parts: [{ type: 'tool-look', ...call }, { type: 'step-start' }, text] }
  })
}

test('a stored conversation of 50 messages with 40 MB of attachments is a few kilobytes, and loses nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'conversation-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const log = join(folder, 'messages.json')

  const write = await open(folder)
  const a = attachmentsFor(write.session)
  const slim = await a.externalize(conversation())
  await write.session.commit({ refs: a.refsIn(slim) })
  await writeFile(log, JSON.stringify(slim))
  await write.close()

  const json = await readFile(log, 'utf8')
  expect(JSON.stringify(conversation()).length).toBeGreaterThan(50_000_000)
  expect(json.length).toBeLessThan(15_000)
  expect(json).not.toContain('base64,')

  const read = await open(folder)
  const b = attachmentsFor(read.session)
  const stored: UIMessage[] = JSON.parse(json)
  expect(await read.session.usage()).toEqual({ count: pieces, byteLength: pieces * pieceLength })
  const prompt = await promptOf(await b.toModelMessages(stored), b.download)
  expect(prompt === undefined).toBe(false)
  const direct = await promptOf(await convertToModelMessages(conversation()))
  // Compared as text, since a difference of megabytes would take minutes to show.
  expect(JSON.stringify(prompt) === JSON.stringify(direct)).toBe(true)
  await read.close()
})

/** As a process does that begins. */
async function open(folder: string) {
  const store = new FileAttachmentStore(join(folder, 'blobs'))
  const manifest = new SqliteAttachmentManifest({ path: join(folder, 'manifest.db') })
  const close = () => Promise.all([store.close(), manifest.close()])
  return { session: new SessionScopedAttachmentStore(store, manifest, 'chat-1'), close }
}
