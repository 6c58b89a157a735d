import { contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'

// Opens a database that may not be there yet, while other processes do the same, and commits something.
const [path, name] = process.argv.slice(2) as [string, string]
const attachments = openSqliteAttachments(path)
const session = new SessionScopedAttachmentStore(attachments.store, attachments.manifest, name)
const bytes = new TextEncoder().encode(name)
await session.put(new TextEncoder().encode('shared'), { mediaType: 'text/plain' })
await session.put(bytes, { mediaType: 'text/plain' })
await session.commit()
console.log(contentId(bytes))
await attachments.close()
