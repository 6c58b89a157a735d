import { openSync, readSync } from 'node:fs'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { say } from '@lash/attachments-testing/child'

// `node read-slowly.ts <path>`: reads all that the database holds, and puts. Reads its own source, which the log of
// system calls shows, after the first twelve reads and when it is done.
const { store, manifest, close } = openSqliteAttachments(process.argv[2] as string)
const source = openSync(new URL(import.meta.url), 'r')
const mark = () => readSync(source, Buffer.alloc(1), 0, 1, 0)
const ids = (await Array.fromAsync(store.list())).map(({ id }) => id)
for (const id of ids.slice(0, 11)) await store.get(id)
mark()
const found = []
for (const id of ids.slice(11)) {
  const { bytes, meta } = await store.get(id)
  const stat = await store.stat(id)
  const [last] = await Array.fromAsync((await store.stream(id, { start: 9990 })).body)
  const ref = await manifest.lookup('session', id)
  found.push([meta.label, stat?.byteLength, bytes[9999], last?.at(-1), typeof ref?.committedAtEpochMs])
}
// Big enough to be written on a thread. Whoever reads next sees it, on whichever thread.
const { id } = await store.put(new Uint8Array(300_000).fill(7), { mediaType: 'application/octet-stream' })
found.push([(await store.get(id)).bytes[299_999]])
mark()
say(process.pid, ...found)
await close()
