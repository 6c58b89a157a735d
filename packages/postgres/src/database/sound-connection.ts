import { AttachmentInvalidArgumentError, AttachmentSchemaError } from '@lash/attachments-core'
import type { ClientBase } from 'pg'
import { textOnly } from './result-text.ts'

/** Connections that were looked at, and have not changed since in what they tell of themselves. */
const sound = new WeakSet<object>()

interface Settings {
  readonly database: string
  readonly client: string
  readonly nulls: string
  readonly shadowed: string | null
}

/**
 * What cannot be written into a statement: in which encoding text comes and goes, how an array says NULL, and that an operator or a type is the
 * server's own. Functions are named with their schema in every statement; for operators that would be unreadable. Types are named by their
 * numbers here: bytea, bigint, integer, text, numeric.
 */
const settings = `
  SELECT
    pg_catalog.current_setting('server_encoding') AS database,
    pg_catalog.current_setting('client_encoding') AS client,
    pg_catalog.current_setting('array_nulls') AS nulls,
    coalesce(
      (
        SELECT 'operator ' OPERATOR(pg_catalog.||) o.oprname::pg_catalog.text
        FROM pg_catalog.pg_operator o
        WHERE o.oprnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace::pg_catalog.oid
          AND o.oprleft OPERATOR(pg_catalog.=) ANY ('{17,20,23,25,1700}'::pg_catalog.oid[])
          AND NOT pg_catalog.pg_operator_is_visible(o.oid)
        LIMIT 1
      ),
      (
        SELECT 'type ' OPERATOR(pg_catalog.||) t.typname::pg_catalog.text
        FROM pg_catalog.pg_type t
        WHERE t.oid OPERATOR(pg_catalog.=) ANY ('{17,25}'::pg_catalog.oid[])
          AND NOT pg_catalog.pg_type_is_visible(t.oid)
        LIMIT 1
      )
    ) AS shadowed`

/**
 * Looks once at each connection, and again after its host has changed the encoding.
 * @throws AttachmentSchemaError, AttachmentInvalidArgumentError: what is wrong, before anything was written or read wrongly.
 */
export async function checkConnection(client: ClientBase): Promise<void> {
  if (sound.has(client)) return
  const { rows } = await client.query<Settings>({ text: settings, types: textOnly })
  check(rows[0] as Settings)
  sound.add(client)
  watchEncoding(client)
}

function check({ database, client, nulls, shadowed }: Settings): void {
  if (database !== 'UTF8') {
    throw new AttachmentSchemaError(
      `the database has the encoding ${database}, in which not every label and session id can be written; use a database with ENCODING 'UTF8'`,
    )
  }
  if (client !== 'UTF8') {
    throw new AttachmentInvalidArgumentError(
      `client_encoding of the connection is ${client}, but pg writes and reads UTF8: do not set it, or RESET client_encoding`,
    )
  }
  if (nulls !== 'on') {
    throw new AttachmentInvalidArgumentError(
      'array_nulls of the connection is off: do not set it, or RESET array_nulls',
    )
  }
  if (shadowed !== null) {
    throw new AttachmentInvalidArgumentError(
      `search_path of the connection puts another ${shadowed} before the server's own: name pg_catalog first in it, or not at all`,
    )
  }
}

/** The server tells of this setting whenever it changes. */
interface TellingConnection {
  on(event: 'parameterStatus', listener: (told: { parameterName: string }) => void): unknown
}

const watched = new WeakSet<object>()

function watchEncoding(client: ClientBase): void {
  const { connection } = client as unknown as { connection?: TellingConnection }
  if (connection === undefined || watched.has(client)) return
  watched.add(client)
  connection.on('parameterStatus', ({ parameterName }) => {
    if (parameterName === 'client_encoding') sound.delete(client)
  })
}
