/*
 * Dear colleague,
 *
 * your turns are in SQLite, and you want a turn and its attachments to be saved together or not at all. Here the refs
 * are committed inside your own transaction, beside the row of the turn. Run it with
 *
 *     npx -y pnpm@12 exec node examples/in-your-transaction-sqlite.ts
 *
 * It needs no server. The database stays in the temporary folder that it prints.
 */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AttachmentRef, reclaimOrphanedAttachments, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'

const file = join(await mkdtemp(join(tmpdir(), 'in-your-transaction-')), 'app.db')

// Your database, with a table of yours.
const database = new Database(file)
database.pragma('journal_mode = WAL')
database.pragma('synchronous = FULL') // a committed turn survives a power cut
database.exec('CREATE TABLE turns (id INTEGER PRIMARY KEY, text TEXT NOT NULL, attachments TEXT NOT NULL) STRICT')

// Store and manifest put their tables beside yours; their names begin with `lash_attachment`. Everything but the one
// call below runs on connections of their own, so it is never part of a transaction that you happen to have open.
const { store, manifest, close } = openSqliteAttachments({ database })

// The whole trick. `commitRefsSync` runs in your transaction and raises `AttachmentIntentExpiredError` when a sweep has
// taken one of the refs: let that undo the transaction, put the bytes of `error.ids` again, and save the turn with the
// new refs. `immediate`, since a transaction that reads first and writes later may find that somebody else has written.
const insertTurn = database.prepare('INSERT INTO turns (text, attachments) VALUES (?, ?)')
const saveTurn = database.transaction((sessionId: string, text: string, refs: AttachmentRef[]) => {
  insertTurn.run(text, JSON.stringify(refs))
  manifest.commitRefsSync(sessionId, refs)
  if (text.length > 40) throw new Error('the turn is too long') // any reason of yours to change your mind
}).immediate

// Put before the transaction: it may take a while, and nobody can write while your transaction is open.
const session = new SessionScopedAttachmentStore(store, manifest, 'conversation-1')
const table = await session.put(new TextEncoder().encode('a,b\n1,2\n'), { mediaType: 'text/csv', label: 'table.csv' })

// First a turn that fails. The refs were committed, and then the transaction was rolled back: now they are not. They
// are still pending in the session, for you to try again or to forget.
try {
  saveTurn(session.sessionId, 'What is in this table, and who made it, and when?', session.pendingRefs())
} catch (error) {
  console.log(`not saved: ${(error as Error).message}`)
}
console.log(`turns: ${countTurns()}, pending refs: ${session.pendingRefs().length}`)

// Then a turn that is saved. The session cannot see how your transaction ended, so you tell it.
saveTurn(session.sessionId, 'What is in this table?', session.pendingRefs())
session.markManifestCommitted([table.id])
console.log(`turns: ${countTurns()}, pending refs: ${session.pendingRefs().length}`)

// A turn that you give up needs nothing: a sweep takes what it has put. Do not release its refs here, where all turns
// put for the same holder, and an earlier one may hold the same bytes. Give each turn a holder of its own, and it may
// let go whenever it likes: see drafts-and-forks.ts.
await session.put(new TextEncoder().encode('never mind'), { mediaType: 'text/plain', label: 'draft.txt' })

// The age of zero shows at once what a timer does within the hour. It takes the draft, and leaves what the turn holds.
const { reclaimedCount } = await reclaimOrphanedAttachments(manifest, store, Date.now())
const { meta } = await session.get(table.id)
console.log(`swept: ${reclaimedCount}, still there: ${meta.label}`)

// The handle is yours: it stays open until you close it.
await close()
database.close()
console.log(`all of it is in ${file}`)

function countTurns(): unknown {
  return database.prepare('SELECT count(*) FROM turns').pluck().get()
}
