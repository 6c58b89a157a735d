import { migrationSql } from '@lash/attachments-postgres'
import type { Pool } from 'pg'

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
 * What a deployment does once, before its processes start, as the owner of the schema: the tables of the manifest and the host's own, in
 * one transaction. The processes themselves then need no right to create anything.
 */
export async function deploy(pool: Pool, schema: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query(migrationSql(schema))
    await client.query(hostTables)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}
