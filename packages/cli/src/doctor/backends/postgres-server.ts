import type { ClientBase } from 'pg'
import { type Finding, finding } from '../finding.ts'
import { clockFinding } from '../round-trip.ts'

interface Settings {
  readonly version: number
  readonly encoding: string
  readonly commit: string
  readonly fsync: string
  readonly pages: string
  readonly idle: string
  readonly statement: string
  readonly standby: boolean
  readonly readOnly: string
  readonly connections: number
  readonly maxConnections: number
  readonly nowMs: number
}

const settings = `
  SELECT
    current_setting('server_version_num')::int AS version,
    current_setting('server_encoding') AS encoding,
    current_setting('synchronous_commit') AS commit,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS pages,
    current_setting('idle_in_transaction_session_timeout') AS idle,
    current_setting('statement_timeout') AS statement,
    current_setting('default_transaction_read_only') AS "readOnly",
    pg_is_in_recovery() AS standby,
    (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    current_setting('max_connections')::int AS "maxConnections",
    (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs"`

/**
 * Looks at the settings that the role of this connection has. Changes nothing.
 * @param schema of the attachments, which need not be there yet.
 */
export async function examinePostgres(client: ClientBase, schema: string): Promise<Finding[]> {
  const before = Date.now()
  const { rows } = await client.query<Settings>(settings)
  const found = rows[0] as Settings
  return [
    version(found),
    encoding(found),
    primary(found),
    ...durability(found),
    timeouts(found),
    connections(found),
    clockFinding('of the database', found.nowMs, before, Date.now()),
    await rights(client, schema),
  ]
}

function version({ version }: Settings): Finding {
  const message = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}`
  if (version >= 130_000) return finding('ok', 'version', message)
  return finding('problem', 'version', message, 'use PostgreSQL 13 or later')
}

function encoding({ encoding }: Settings): Finding {
  if (encoding === 'UTF8') return finding('ok', 'encoding', 'UTF8')
  const advice = "use a database that was made with ENCODING 'UTF8' TEMPLATE template0"
  return finding('problem', 'encoding', `${encoding}, in which not every label can be written`, advice)
}

function primary({ standby, readOnly }: Settings): Finding {
  if (standby) {
    const advice = 'name the primary: a replica does not show a session what it has just put'
    return finding('problem', 'primary', 'this server is a standby', advice)
  }
  if (readOnly !== 'off') {
    return finding(
      'problem',
      'primary',
      'transactions of this role are read-only',
      'ALTER ROLE ... RESET default_transaction_read_only',
    )
  }
  return finding('ok', 'primary', 'this server takes writes')
}

function durability({ commit, fsync, pages }: Settings): Finding[] {
  const findings: Finding[] = []
  if (commit === 'off') {
    findings.push(
      finding(
        'problem',
        'synchronous_commit',
        'off: a crash may take back what was committed, also a claim whose bytes are deleted by then',
        'ALTER ROLE ... SET synchronous_commit = on, for the roles of hosts and sweepers',
      ),
    )
  } else {
    findings.push(finding('ok', 'synchronous_commit', commit))
  }
  for (const [name, value] of Object.entries({ fsync, full_page_writes: pages })) {
    if (value === 'on') findings.push(finding('ok', name, 'on'))
    else findings.push(finding('problem', name, 'off: a power cut may damage the database', `set ${name} = on`))
  }
  return findings
}

function timeouts({ idle, statement }: Settings): Finding {
  const message = `idle_in_transaction_session_timeout ${idle}, statement_timeout ${statement}`
  if (idle !== '0') return finding('ok', 'timeouts', message)
  return finding(
    'note',
    'timeouts',
    message,
    'ALTER ROLE ... SET idle_in_transaction_session_timeout = 60000: a forgotten transaction keeps refs locked',
  )
}

function connections({ connections, maxConnections }: Settings): Finding {
  const message = `${connections} of ${maxConnections} connections are open`
  if (connections <= maxConnections * 0.8) return finding('ok', 'connections', message)
  return finding('warning', 'connections', message, 'make the pools of hosts smaller, or raise max_connections')
}

/** What the role may do: use every table of the schema, or make the schema where it is not there yet. */
async function rights(client: ClientBase, schema: string): Promise<Finding> {
  const { rows } = await client.query<{
    role: string
    exists: boolean
    usage: boolean
    create: boolean
    denied: string
  }>(
    `SELECT current_user AS role,
      n.oid IS NOT NULL AS exists,
      coalesce(has_schema_privilege(n.oid, 'USAGE'), false) AS usage,
      has_database_privilege(current_database(), 'CREATE') AS create,
      (SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_class c
        WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND c.relname LIKE 'attachment%'
          AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
            AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))) AS denied
    FROM (SELECT 1) AS one LEFT JOIN pg_namespace n ON n.nspname = $1`,
    [schema],
  )
  const { role, exists, usage, create, denied } = rows[0] as (typeof rows)[number]
  if (!exists) {
    if (create) return finding('ok', 'rights', `${role} may create the schema ${schema}, which is not there yet`)
    const advice = `as an administrator: CREATE SCHEMA ${schema} AUTHORIZATION ${role}`
    return finding('problem', 'rights', `there is no schema ${schema}, and ${role} may not create it`, advice)
  }
  if (!usage)
    return finding('problem', 'rights', `${role} may not use ${schema}`, `GRANT USAGE ON SCHEMA ${schema} TO ${role}`)
  if (denied === null) return finding('ok', 'rights', `${role} may read and write the tables of ${schema}`)
  return finding(
    'problem',
    'rights',
    `${role} may not read and write ${denied} of ${schema}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
  )
}
