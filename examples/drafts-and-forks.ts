/*
 * Dear colleague,
 *
 * in your chat people upload first and send later, delete single messages, and fork a whole conversation. For that,
 * each ref belongs to a holder within its chat: a draft, a message. Bytes stay while any holder has them. Run it with
 *
 *     npx -y pnpm@12 exec node examples/drafts-and-forks.ts
 *
 * It needs no server. The database stays in the temporary folder that it prints. The long form, with edits and erased
 * users, and what a crash leaves: docs/guides/drafts-messages-forks.md.
 */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttachmentNotFoundError,
  type AttachmentRef,
  reclaimOrphanedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'

const file = join(await mkdtemp(join(tmpdir(), 'drafts-and-forks-')), 'app.db')
const database = new Database(file)
database.pragma('journal_mode = WAL')
database.pragma('synchronous = FULL')
database.exec('CREATE TABLE messages (chat TEXT, id TEXT, refs TEXT NOT NULL, PRIMARY KEY (chat, id)) STRICT')
const { store, manifest, close } = openSqliteAttachments({ database })

// A view of one chat, of one draft in it, of one message. They cost as much as objects: make them for each request.
const chatOf = (chat: string) => new SessionScopedAttachmentStore(store, manifest, chat)
const draftOf = (chat: string, draft: string) => chatOf(chat).withHolder(`draft:${draft}`)
const messageOf = (chat: string, message: string) => chatOf(chat).withHolder(`message:${message}`)

// A request uploads. Commit at once, for the draft: then no sweep takes it, however long the person thinks. A timer of
// yours releases drafts that are days old; to know them, keep them in a table, as the guide does.
async function upload(chat: string, draft: string, text: string, label: string): Promise<AttachmentRef> {
  const holder = draftOf(chat, draft)
  const ref = await holder.put(new TextEncoder().encode(text), { mediaType: 'text/plain', label })
  await holder.commit()
  return ref
}
const rain = await upload('chat-1', 'd1', 'rain\n', 'rain.txt')
const wind = await upload('chat-1', 'd1', 'wind\n', 'wind.txt')
const { count, byteLength } = await chatOf('chat-1').usage()
console.log(`uploaded ${count} files, ${byteLength} bytes; swept: ${await sweep()}`)

// A chip is removed. If a message shows the same bytes, it keeps them.
await draftOf('chat-1', 'd1').release([wind.id])

// Another request sends. What comes from a browser is a claim, even if it looks like a ref: take its ids, and ask the
// chat what it holds. The message adopts that from the draft, which moves no bytes, and commits it together with the
// row of the message. If it commits without a transaction, or refs that another request has put, that is
// `message.commit({ refs })`: a view of its own has nothing pending, so `commit()` would commit nothing.
const saveMessage = database.transaction((chat: string, message: string, refs: AttachmentRef[]) => {
  const insert = database.prepare('INSERT INTO messages VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  insert.run(chat, message, JSON.stringify(refs))
  manifest.commitRefsSync(chat, refs, { holder: `message:${message}` })
}).immediate

async function send(chat: string, message: string, draft: string, ids: string[]): Promise<void> {
  const from = draftOf(chat, draft)
  const held = await Promise.all(ids.map(id => from.ref(id)))
  if (!held.every(ref => ref !== undefined)) throw new Error('upload the attachments again')
  saveMessage(chat, message, await messageOf(chat, message).adopt(held, from))
  await from.release()
}
const fromBrowser = [{ id: rain.id, mediaType: 'text/html', label: '<script>' }]
const ids = fromBrowser.map(({ id }) => id)
await send('chat-1', 'm1', 'd1', ids)
console.log(`sent m1: ${await labels('chat-1', 'm1')}; swept: ${await sweep()}`)

// The same file again, under another name: each holder says for itself what its content is.
await upload('chat-1', 'd2', 'rain\n', 'more rain.txt')
await send('chat-1', 'm2', 'd2', ids)
console.log(`sent m2: ${await labels('chat-1', 'm2')}, and m1 is as it was: ${await labels('chat-1', 'm1')}`)

// A message is deleted. The other one shows the same bytes, and keeps them.
await messageOf('chat-1', 'm2').release()
database.prepare('DELETE FROM messages WHERE chat = ? AND id = ?').run('chat-1', 'm2')
console.log(`deleted m2; swept: ${await sweep()}, m1: ${await labels('chat-1', 'm1')}`)

// A fork: each message adopts what the one that it comes from holds. No byte is read or written, so that a chat with
// 200 MB is forked in milliseconds. (The guide saves all messages of a fork in one transaction.)
const messages = database.prepare('SELECT id, refs FROM messages WHERE chat = ?').all('chat-1')
for (const { id, refs } of messages as { id: string; refs: string }[]) {
  saveMessage('chat-2', id, await messageOf('chat-2', id).adopt(JSON.parse(refs), messageOf('chat-1', id)))
}

// To know an id is not enough: whoever you adopt from has to hold it.
await chatOf('chat-3')
  .adopt([rain], chatOf('chat-3'))
  .catch(error => {
    if (!AttachmentNotFoundError.isInstance(error)) throw error
    console.log('a chat of somebody else: not found')
  })

// The first chat is deleted, with all that its messages and drafts hold. The fork has refs of its own.
await chatOf('chat-1').release()
database.prepare('DELETE FROM messages WHERE chat = ?').run('chat-1')
console.log(`deleted chat-1; swept: ${await sweep()}, the fork: ${await labels('chat-2', 'm1')}`)

await close()
database.close()
console.log(`all of it is in ${file}`)

async function labels(chat: string, message: string): Promise<string> {
  const refs = database.prepare('SELECT refs FROM messages WHERE chat = ? AND id = ?').pluck().get(chat, message)
  const found = (JSON.parse(refs as string) as AttachmentRef[]).map(({ id }) => messageOf(chat, message).get(id))
  return (await Promise.all(found)).map(({ meta }) => meta.label).join(', ')
}

/** At once; your timer sweeps with an age that is longer than an upload takes. See sweeper.ts. */
async function sweep(): Promise<number> {
  return (await reclaimOrphanedAttachments(manifest, store, Date.now())).reclaimedCount
}
