import { syncBuiltinESMExports } from 'node:module'
import workerThreads, { type Worker } from 'node:worker_threads'

// Puts a big body and commits it where threads do not work: making one `throws`, or it `ends` without an answer.
const [path, how] = process.argv.slice(2) as [string, string]
const RealWorker = workerThreads.Worker
workerThreads.Worker = function newWorker(): Worker {
  if (how === 'throws') throw new Error('this test has no threads')
  return new RealWorker(new URL('./no-such-worker.js', import.meta.url))
} as never
syncBuiltinESMExports()

const { openSqliteAttachments } = await import('@lash/attachments-sqlite')
const { SessionScopedAttachmentStore } = await import('@lash/attachments-core')
const { store, manifest, close } = openSqliteAttachments(path)
const session = new SessionScopedAttachmentStore(store, manifest, 'session')
const { id } = await session.put(new Uint8Array(9_000_000).fill(7), { mediaType: 'application/octet-stream' })
await session.commit()
console.log((await session.get(id)).bytes.byteLength)
await close()
