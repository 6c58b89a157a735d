import { openSqliteAttachments } from '@lash/attachments-sqlite'

// Leaves everything open, and the writer thread running: the process must end nevertheless.
const [path] = process.argv.slice(2) as [string]
const attachments = openSqliteAttachments(path)
await attachments.store.put(new Uint8Array(900_000).fill(7), { mediaType: 'application/octet-stream' })
console.log('put')
