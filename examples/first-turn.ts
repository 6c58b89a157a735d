/*
 * Dear colleague,
 *
 * this is the first turn of a conversation: an attachment is put, committed with the turn, and read back. Bytes go into
 * a folder, refs into an SQLite file. Run it with
 *
 *     npx -y pnpm@12 exec node examples/first-turn.ts
 *
 * It needs no server. It leaves its folder behind for you to look at. Run it again: the bytes are not written again.
 */
import { createReadStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AttachmentNotFoundError, type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { SqliteAttachmentManifest } from '@lash/attachments-sqlite'

const folder = join(tmpdir(), 'first-turn')
await mkdir(folder, { recursive: true })

// Open these two once, when your host starts. The store holds bytes, each content in one file that is named by its
// SHA-256. The manifest knows which session refers to which content. All sessions share them, other processes too.
const store = new FileAttachmentStore(join(folder, 'attachments'))
const manifest = new SqliteAttachmentManifest({ path: join(folder, 'manifest.db') })

// A view of one conversation costs as much as an object. Make one for each request that puts and commits; a request
// that commits what another one has put says so: `session.commit({ refs })`. See drafts-and-forks.ts.
const session = new SessionScopedAttachmentStore(store, manifest, 'conversation-1')

// A body is bytes or a stream; a stream is hashed while it is read and is never in memory as a whole. When `put` has
// resolved, the bytes survive a power cut. What it gives you is a ref, a few hundred bytes of plain JSON.
const letter = await session.put(createReadStream(import.meta.filename), {
  mediaType: 'text/plain',
  label: 'first-turn.ts',
})
console.log(`put ${letter.label}: ${letter.byteLength} bytes, id ${letter.id}`)

// Until you commit, the bytes are nobody's, and a sweep may take them: that is how those of crashed turns go away. The
// log of this conversation is a file, so we commit first and write the log second. A crash in between leaves bytes that
// go when the conversation is deleted, never a log that points at nothing. If your log is in a database, commit inside
// the transaction that writes it: the two examples `in-your-transaction-*` show how.
await session.commit()
const turn = { text: 'What does this program do?', attachments: [letter] }
await writeFile(join(folder, 'log.json'), JSON.stringify([turn]), { flush: true })
console.log('committed 1 ref and wrote the log')

// Later, perhaps after a restart, the log is all that you need. Reads compare the bytes with the id: damaged bytes are
// an error, never data.
const turns: { attachments: AttachmentRef[] }[] = JSON.parse(await readFile(join(folder, 'log.json'), 'utf8'))
for (const ref of turns.flatMap(({ attachments }) => attachments)) {
  const { bytes, meta } = await session.get(ref.id)
  console.log(`read ${meta.label}: ${bytes.byteLength} bytes of ${meta.mediaType}`)
}

// Large attachments are better streamed, whole or in part.
const { body } = await session.stream(letter.id, { start: 6, end: 20 })
console.log(`its first words: ${await new Response(body).text()}`)

// Another session cannot read them: to know the id is not enough. If you fork a conversation, the new session adopts
// what the first one holds; see drafts-and-forks.ts.
const stranger = new SessionScopedAttachmentStore(store, manifest, 'conversation-2')
await stranger.get(letter.id).catch(error => {
  if (!AttachmentNotFoundError.isInstance(error)) throw error
  console.log('another session: not found')
})

// This one we forget to commit. `sweeper.ts` shows who takes care of it.
await stranger.put(new TextEncoder().encode('A draft.\n'), { mediaType: 'text/plain', label: 'draft.txt' })

// Close what you opened. Nothing is lost without it: every call that has resolved is on disk.
await Promise.all([store.close(), manifest.close()])
console.log(`all of it is in ${folder}`)
