import { SqliteSessionFactory } from '@lash/attachments-sqlite'

// Commits something in a session, prints its id, and keeps the session open until it is killed.
const [root, sessionId] = process.argv.slice(2) as [string, string]
const session = await new SqliteSessionFactory(root).create(sessionId)
const { id } = await session.put(new TextEncoder().encode('held'), { mediaType: 'text/plain' })
await session.commit()
console.log(id)
// A connection that nobody can reach any more may be collected, which closes it.
setInterval(() => session, 1_000_000)
