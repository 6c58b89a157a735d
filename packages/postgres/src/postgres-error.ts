import { AttachmentBackendError, AttachmentSchemaError, AttachmentStoreError } from '@lash/attachments-core'

/** What to do about an error, by its SQLSTATE or by its system code. */
const advice: Readonly<Record<string, string>> = {
  '28P01': 'check user and password',
  '28000': 'check the user, and what pg_hba.conf lets it in with',
  '3D000': 'create the database, or correct its name',
  '42501': 'grant the rights that the README lists',
  '25006': 'this server is read-only: connect to the primary, or end the read-only mode',
  '57014': 'it ran into statement_timeout or was cancelled; nothing was changed, repeat it',
  '55P03': 'a lock was not free within lock_timeout; nothing was changed, repeat it',
  '40001': 'it met another transaction; nothing was changed, repeat it',
  '40P01': 'it met another transaction; nothing was changed, repeat it',
  '25P02': 'an earlier statement of this transaction failed: roll it back',
  '25P03': 'the transaction was idle for too long; nothing was changed, repeat it',
  '53300': 'the server has no free connection: make the pools smaller, or raise max_connections',
  '53100': 'the disk of the server is full',
  '53200': 'the server is out of memory',
  '57P01': 'the server is shutting down; repeat it when it is back',
  '57P02': 'the server crashed; repeat it when it is back',
  '57P03': 'the server is starting up or shutting down; repeat it in a moment',
  '57P05': 'the session was idle for too long; repeat it',
  '08P01': 'the server speaks another protocol; check host and port',
  ECONNREFUSED: 'nobody listens there: check host and port, and that the server runs',
  ENOTFOUND: 'the host has no address: check its name',
  EAI_AGAIN: 'the host name cannot be looked up now; repeat it',
  ETIMEDOUT: 'the server does not answer: check host, port and firewall',
}

const connectionLost = new Set(['ECONNRESET', 'EPIPE', '08000', '08003', '08006', '57P01', '57P02'])
const noSuchTable = new Set(['42P01', '3F000', '42703'])
const retryable = new Set(['40001', '40P01'])

/** The SQLSTATE or system code of an error, or the empty string. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Whether the statement was rolled back because of another transaction, so that repeating it can succeed. */
export function isSerializationFailure(error: unknown): boolean {
  return retryable.has(codeOf(error))
}

/** Whether the connection broke, so that what was asked of it may have happened or not. */
export function isConnectionLoss(error: unknown): boolean {
  if (connectionLost.has(codeOf(error))) return true
  return (
    error instanceof Error && /^(Connection terminated|Client has encountered|Query read timeout)/.test(error.message)
  )
}

/** One of our errors, with the server's as its cause, that says what to do. Never holds a credential: the server's messages do not. */
export function explained(error: unknown, schema: string): AttachmentStoreError {
  if (AttachmentStoreError.isInstance(error)) return error
  const code = codeOf(error)
  if (noSuchTable.has(code)) return missingSchema(schema, error)
  const what = error instanceof Error ? error.message || nestedMessage(error) : String(error)
  const tag = code === '' || what.includes(code) ? '' : ` (${code})`
  return new AttachmentBackendError(`PostgreSQL: ${what}${tag}; ${adviceOn(error, code)}`, { cause: error })
}

export function missingSchema(schema: string, cause?: unknown): AttachmentSchemaError {
  return new AttachmentSchemaError(
    `the tables of attachments are not in schema "${schema}", or not as this version needs them; leave out \`migrate: false\`, or run the SQL that migrationSql('${schema}') gives`,
    { cause },
  )
}

function adviceOn(error: unknown, code: string): string {
  const known = advice[code]
  if (known !== undefined) return known
  const message = error instanceof Error ? error.message : ''
  if (message.startsWith('timeout exceeded when trying to connect')) {
    return 'no connection of the pool came free in time: raise its max or connectionTimeoutMillis, or look for clients that are not released'
  }
  if (message.startsWith('Connection terminated due to connection timeout')) return advice.ETIMEDOUT as string
  if (isConnectionLoss(error)) return 'the connection was lost; repeat it, that does no harm'
  return 'see the cause'
}

/** An error of several addresses tried at once has its messages inside. */
function nestedMessage(error: Error): string {
  const inner = (error as AggregateError).errors
  return Array.isArray(inner) && inner[0] instanceof Error ? inner[0].message : error.name
}
