import type { AttachmentRef } from '@lash/attachments-core'
import type { Pool } from 'pg'
import type { Host } from './host.ts'

export async function beginConversation(pool: Pool, id: string, worker: string): Promise<void> {
  await pool.query('INSERT INTO conversations (id, worker) VALUES ($1, $2)', [id, worker])
}

/** The conversation is over and stays as it is, attachments and all. */
export async function closeConversation(pool: Pool, id: string): Promise<void> {
  await pool.query(`UPDATE conversations SET state = 'closed' WHERE id = $1`, [id])
}

/**
 * Deletes a conversation and lets go of what it holds; a later sweep deletes the bytes that nobody else holds. In three steps, each of
 * which may be repeated: a crash between them leaves a conversation that is marked, never turns without their bytes.
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

/** Every turn that was saved, page by page, the oldest first. */
export async function* savedTurns(
  pool: Pool,
): AsyncGenerator<{ conversationId: string; attachments: readonly AttachmentRef[] }> {
  for (let after = '0'; ; ) {
    const { rows } = await pool.query<{ number: string; conversation_id: string; attachments: AttachmentRef[] }>(
      'SELECT number, conversation_id, attachments FROM turns WHERE number > $1 ORDER BY number LIMIT $2',
      [after, turnPage],
    )
    for (const row of rows) yield { conversationId: row.conversation_id, attachments: row.attachments }
    if (rows.length < turnPage) return
    after = rows.at(-1)?.number as string
  }
}
