/*
 * Dear colleague,
 *
 * your turns are in PostgreSQL, and you want a turn and its attachments to be saved together or not at all. Here the
 * refs are committed inside your own transaction, beside the row of the turn. Run it with
 *
 *     DATABASE_URL=postgres://user:password@localhost:5432/app \
 *       npx -y pnpm@12 exec node examples/in-your-transaction-postgres.ts
 *
 * It makes a table `example_turns` and the schema `lash_attachments`. If you have no server: `npx -y pnpm@12 services`
 * starts one and prints its URL.
 */
import { randomUUID } from 'node:crypto'
import { type AttachmentRef, reclaimOrphanedAttachments, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openPostgresAttachments } from '@lash/attachments-postgres'
import pg from 'pg'

const connectionString = process.env.DATABASE_URL
if (!connectionString) {
  console.error('Set DATABASE_URL, such as postgres://user:password@localhost:5432/app')
  process.exit(2)
}

// Your pool, with a table of yours. Give it a timeout: without one, a call waits for ever while all connections are in
// use. And a listener: without one, an idle connection that breaks ends the process.
const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: 30_000 })
pool.on('error', error => console.error(`a database connection broke: ${error.message}`))
await pool.query('CREATE TABLE IF NOT EXISTS example_turns (id uuid PRIMARY KEY, text text, attachments jsonb)')

// Bytes and refs in the same database. The bytes may as well be elsewhere: any store goes with any manifest.
const { store, manifest, close } = openPostgresAttachments({ pool })

// The whole trick: `commitRefs` with your client, last in your transaction, since it locks rows until the end of it. It
// rejects with `AttachmentIntentExpiredError` when a sweep has taken one of the refs: roll back, put the bytes of
// `error.ids` again, and save the turn with the new refs. You choose the id of the turn, so that you can repeat all of
// it when the connection breaks during COMMIT and you do not know how that ended.
async function saveTurn(id: string, text: string, refs: AttachmentRef[]): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const values = [id, text, JSON.stringify(refs)]
    await client.query('INSERT INTO example_turns VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING', values)
    await manifest.commitRefs(session.sessionId, refs, { client })
    if (text.length > 40) throw new Error('the turn is too long') // any reason of yours to change your mind
    await client.query('COMMIT')
    client.release()
  } catch (error) {
    // Never give a client back with its transaction open. One that cannot even roll back is thrown away.
    await client.query('ROLLBACK').then(
      () => client.release(),
      broken => client.release(broken),
    )
    throw error
  }
}

// Put before the transaction, never in it: a put needs a connection of its own, and turns that hold one each while they
// wait for another may all end up waiting.
const session = new SessionScopedAttachmentStore(store, manifest, `conversation-${randomUUID()}`)
const table = await session.put(new TextEncoder().encode('a,b\n1,2\n'), { mediaType: 'text/csv', label: 'table.csv' })

// First a turn that fails. The refs were committed, and then the transaction was rolled back: now they are not. They
// are still pending in the session, for you to try again or to forget.
const turnId = randomUUID()
await saveTurn(turnId, 'What is in this table, and who made it, and when?', session.pendingRefs()).catch(error => {
  console.log(`not saved: ${error.message}`)
})
console.log(`turns: ${await countTurns()}, pending refs: ${session.pendingRefs().length}`)

// Then a turn that is saved. The session cannot see how your transaction ended, so you tell it.
await saveTurn(turnId, 'What is in this table?', session.pendingRefs())
session.markManifestCommitted([table.id])
console.log(`turns: ${await countTurns()}, pending refs: ${session.pendingRefs().length}`)

// The conversation is deleted: it lets go of its refs, and a sweep takes the bytes that no other session holds. The age
// of zero shows at once what a timer does within the hour; yours should be older than your slowest turn.
console.log(`read back: ${(await session.get(table.id)).meta.label}`)
await session.release()
await pool.query('DELETE FROM example_turns WHERE id = $1', [turnId])
const { reclaimedCount } = await reclaimOrphanedAttachments(manifest, store, Date.now())
console.log(`deleted the conversation; swept: ${reclaimedCount}`)

// The pool is yours: it stays open until you end it.
await close()
await pool.end()

async function countTurns(): Promise<number> {
  const { rows } = await pool.query('SELECT count(*)::int AS turns FROM example_turns WHERE id = $1', [turnId])
  return rows[0].turns
}
