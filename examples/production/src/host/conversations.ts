import type { AttachmentRef } from '@lash/attachments-core'
import { migrationSql } from '@lash/attachments-postgres'
import type { Pool } from 'pg'
import { type Host, inTransaction } from './host.ts'

/** The host's own tables. A turn keeps its refs beside its text: plain JSON, a few hundred bytes each. */
const hostTables = `
CREATE TABLE conversations (
  id text PRIMARY KEY,
  worker text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'deleting'))
);
CREATE INDEX conversations_worker ON conversations (worker, state);

CREATE TABLE turns (
  id uuid PRIMARY KEY,
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  conversation_id text NOT NULL REFERENCES conversations ON DELETE CASCADE,
  text text NOT NULL,
  attachments jsonb NOT NULL
);
CREATE INDEX turns_conversation ON turns (conversation_id, number);
`

/**
 * What a deployment does once, before its processes start, as the owner of the schema: the tables of the manifest and
 * the host's own, in one transaction. The processes themselves then need no right to create anything.
 */
export async function deploy(pool: Pool, schema: string): Promise<void> {
  await inTransaction(pool, async client => {
    await client.query(migrationSql(schema))
    await client.query(hostTables)
  })
}

export async function beginConversation(pool: Pool, id: string, worker: string): Promise<void> {
  await pool.query('INSERT INTO conversations (id, worker) VALUES ($1, $2)', [id, worker])
}

/** The conversation is over and stays as it is, attachments and all. */
export async function closeConversation(pool: Pool, id: string): Promise<void> {
  await pool.query(`UPDATE conversations SET state = 'closed' WHERE id = $1`, [id])
}

/**
 * Deletes a conversation and lets go of what all of its turns hold; a later sweep deletes the bytes that nobody else
 * holds. Each of the three steps may be repeated: a crash between them leaves a conversation that is marked, and never
 * turns without their bytes.
 */
export async function deleteConversation({ pool, manifest }: Host, id: string): Promise<void> {
  await pool.query(`UPDATE conversations SET state = 'deleting' WHERE id = $1`, [id])
  await manifest.releaseRefs(id)
  await pool.query('DELETE FROM conversations WHERE id = $1', [id])
}

/** Finishes the deletions that a crash interrupted. Gives how many. */
export async function finishDeletions(host: Host, worker: string): Promise<number> {
  const interrupted = await conversationsOf(host.pool, worker, 'deleting')
  for (const id of interrupted) await deleteConversation(host, id)
  return interrupted.length
}

export async function conversationsOf(pool: Pool, worker: string, state: 'open' | 'deleting'): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'SELECT id FROM conversations WHERE worker = $1 AND state = $2 ORDER BY id',
    [worker, state],
  )
  return rows.map(row => row.id)
}

/** The refs of a conversation's last turns, the latest first. */
export async function latestRefs(pool: Pool, conversationId: string, turns: number): Promise<AttachmentRef[]> {
  const { rows } = await pool.query<{ attachments: AttachmentRef[] }>(
    'SELECT attachments FROM turns WHERE conversation_id = $1 ORDER BY number DESC LIMIT $2',
    [conversationId, turns],
  )
  return rows.flatMap(row => row.attachments)
}

const turnPage = 500

export interface SavedTurn {
  readonly id: string
  readonly conversationId: string
  readonly attachments: readonly AttachmentRef[]
}

/** Every turn that was saved, page by page, the oldest first. */
export async function* savedTurns(pool: Pool): AsyncGenerator<SavedTurn> {
  for (let after = '0'; ; ) {
    const { rows } = await pool.query<SavedTurn & { number: string }>(
      `SELECT number, id, conversation_id AS "conversationId", attachments FROM turns
      WHERE number > $1 ORDER BY number LIMIT $2`,
      [after, turnPage],
    )
    yield* rows
    if (rows.length < turnPage) return
    after = rows.at(-1)?.number as string
  }
}
