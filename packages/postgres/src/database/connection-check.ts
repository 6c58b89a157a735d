import { AttachmentInvalidArgumentError, AttachmentSchemaError } from '@lash/attachments-core'
import type { ClientBase } from 'pg'
import { textOnly } from './result-parsers.ts'

/** Connections that were checked, and have not changed their encoding since. */
const checked = new WeakSet<object>()

/**
 * Checks each connection once, and again after its host has changed the encoding.
 * @throws AttachmentSchemaError, AttachmentInvalidArgumentError: what is wrong, before anything was written or read
 * wrongly.
 */
export async function checkConnection(client: ClientBase): Promise<void> {
  if (checked.has(client)) return
  const { rows } = await client.query<Settings>({ text: settings, types: textOnly })
  checkSettings(rows[0] as Settings)
  checked.add(client)
  watchEncoding(client)
}

interface Settings {
  readonly database: string
  readonly client: string
  readonly nulls: string
  readonly shadowed: string | null
}

/**
 * What our statements cannot settle themselves: the encoding of text, how an array spells NULL, and whether an operator
 * or type of ours is the server's own. Functions are named with their schema in every statement; operators with a
 * schema would be unreadable. The types here are given by number: bytea, bigint, integer, text, numeric.
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

function checkSettings({ database, client, nulls, shadowed }: Settings): void {
  if (database !== 'UTF8') {
    throw new AttachmentSchemaError(
      `the database has the encoding ${database}, in which not every label and session id can be written; ` +
        "use a database with ENCODING 'UTF8'",
    )
  }
  if (client !== 'UTF8') {
    throw new AttachmentInvalidArgumentError(
      `client_encoding of the connection is ${client}, but pg writes and reads UTF8: ` +
        'do not set it, or RESET client_encoding',
    )
  }
  if (nulls !== 'on') {
    throw new AttachmentInvalidArgumentError(
      'array_nulls of the connection is off: do not set it, or RESET array_nulls',
    )
  }
  if (shadowed !== null) {
    throw new AttachmentInvalidArgumentError(
      `search_path of the connection puts another ${shadowed} before the server's own: ` +
        'name pg_catalog first in it, or not at all',
    )
  }
}

/** The server reports this setting whenever it changes. */
interface ReportingConnection {
  on(event: 'parameterStatus', listener: (report: { parameterName: string }) => void): unknown
}

const watched = new WeakSet<object>()

function watchEncoding(client: ClientBase): void {
  const { connection } = client as unknown as { connection?: ReportingConnection }
  if (connection === undefined || watched.has(client)) return
  watched.add(client)
  connection.on('parameterStatus', ({ parameterName }) => {
    if (parameterName === 'client_encoding') checked.delete(client)
  })
}
