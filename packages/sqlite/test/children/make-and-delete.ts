import { AttachmentBackendError } from '@lash/attachments-core'
import { SqliteSessionFactory } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'

// So many times: makes a session, commits in it, looks for the commit in the file at its path, closes and deletes it.
// Other processes do the same.
const [root, name, rounds] = process.argv.slice(2) as [string, string, string]
const factory = new SqliteSessionFactory(root, { busyTimeoutMs: 60_000 })
const hasty = new SqliteSessionFactory(root, { busyTimeoutMs: 0 })

for (let round = 0; round < Number(rounds); round++) {
  const session = await factory.create('shared')
  const { id } = await session.put(new TextEncoder().encode(`${name} ${round}`), { mediaType: 'text/plain' })
  await session.commit()
  const raw = new Database(factory.pathFor('shared'), { fileMustExist: true })
  const found = raw.prepare('SELECT committed_at FROM lash_attachment_holds WHERE id = unhex(?)').pluck().get(id)
  raw.close()
  if (typeof found !== 'number') console.log(`lost ${name} ${round}`)
  await session.close()
  await hasty.delete('shared').catch((error: unknown) => {
    // Another process has it open, or is about to open it.
    if (!AttachmentBackendError.isInstance(error)) throw error
  })
}
