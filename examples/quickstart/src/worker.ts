import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type AttachmentRef, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openAttachments } from './attachments.ts'

/*
 * The second process. It puts two files into a session of its own, says so, and waits: for the host to end its turn, had it one.
 * It is killed there.
 */

export interface WorkerMessage {
  orphan: AttachmentRef
}

const [folder, sessionId, sharedPath] = process.argv.slice(2) as [string, string, string]

// Also keeps the process running. Should the demo itself die, this must not stay behind.
process.on('disconnect', () => process.exit(1))

const { store, manifest } = openAttachments(folder)
const session = new SessionScopedAttachmentStore(store, manifest, sessionId)
const draft = new TextEncoder().encode(`A draft that nobody will ever commit, ${randomUUID()}.\n`)
const orphan = await session.put(draft, { mediaType: 'text/plain', label: 'draft.txt' })
await session.put(createReadStream(sharedPath), { mediaType: 'application/octet-stream' })
process.send?.({ orphan } satisfies WorkerMessage)
