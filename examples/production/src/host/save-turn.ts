import type { AttachmentRef } from '@lash/attachments-core'
import type { PoolClient } from 'pg'
import type { Host } from './host.ts'

export interface Turn {
  /** Chosen by the host, so that saving a turn twice is saving it once. */
  readonly id: string
  readonly conversationId: string
  readonly text: string
  readonly attachments: readonly AttachmentRef[]
}

/**
 * Saves a turn and commits its refs in one transaction: there is no moment at which a crash leaves a turn that points at bytes which a
 * sweep may take, nor committed bytes that no turn points at.
 * @throws AttachmentIntentExpiredError when a sweep has taken any of the refs; then nothing was saved.
 */
export async function saveTurn({ pool, manifest }: Host, turn: Turn): Promise<void> {
  const { id, conversationId, text, attachments } = turn
  await inTransaction(await pool.connect(), async client => {
    await client.query(
      `INSERT INTO turns (id, conversation_id, text, attachments) VALUES ($1, $2, $3, $4)
      ON CONFLICT (id) DO NOTHING`,
      [id, conversationId, text, JSON.stringify(attachments)],
    )
    // Last: what it locks is held until the transaction ends.
    await manifest.commitRefs(conversationId, attachments, { client })
  })
}

async function inTransaction(client: PoolClient, work: (client: PoolClient) => Promise<void>): Promise<void> {
  // A connection that breaks fails the statement on it and says so here too; without a listener it would end the process.
  let broken: Error | undefined
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  try {
    await client.query('BEGIN')
    await work(client)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(onError)
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}
