import { statSync } from 'node:fs'
import { openSqliteAttachments } from '@lash/attachments-sqlite'

// Puts so many MiB, in small and big bodies, and prints how long the log has been at most.
const [path, name, megabytes] = process.argv.slice(2) as [string, string, string]
const { store, close } = openSqliteAttachments(path)
const meta = { mediaType: 'application/octet-stream' }
const bytes = Buffer.alloc(1024 * 1024, name)
let longest = 0
for (let index = 0; index < Number(megabytes); index++) {
  bytes.writeUInt32LE(index)
  await store.put(bytes, meta)
  for (let small = 0; small < 4; small++) await store.put(bytes.subarray(0, 1000 + small), meta)
  longest = Math.max(longest, statSync(`${path}-wal`).size)
}
await close()
console.log(longest)
