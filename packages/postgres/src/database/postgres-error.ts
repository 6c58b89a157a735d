import { AttachmentBackendError, AttachmentSchemaError, AttachmentStoreError } from '@lash/attachments-core'

const unknownCertificate =
  'the certificate of the server is signed by nobody that this process knows: give its CA as `ssl: { ca }`'

/** What to do about an error, by its SQLSTATE or system code. */
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
  '25P04': 'it ran into transaction_timeout; nothing was changed, repeat it',
  '26000': 'the connection has lost its prepared statements: behind a pooler say `prepare: false`, otherwise repeat it',
  '42P05': 'somebody else prepared it on this connection: behind a pooler say `prepare: false`',
  '42883': 'the server is too old: PostgreSQL 13 or later is needed',
  '53300': 'the server has no free connection: make the pools smaller, or raise max_connections',
  '53000': 'the server is short of something; nothing was changed',
  '53100': 'the disk of the server is full; nothing was changed, repeat it when there is room',
  '53200': 'the server is out of memory; nothing was changed',
  '53400': 'a limit of the server was reached; nothing was changed',
  '54000': 'more than the server can do at once; nothing was changed',
  '58030': 'the server cannot read or write its files: look at its disk and its log',
  XX001: 'the server found its own files damaged: look at its log, and restore',
  XX002: 'the server found an index damaged: look at its log, and REINDEX',
  '57P01': 'the server is shutting down; repeat it when it is back',
  '57P02': 'the server crashed; repeat it when it is back',
  '57P03': 'the server is starting up or shutting down; repeat it in a moment',
  '57P04': 'the database was dropped',
  '57P05': 'the session was idle for too long; repeat it',
  '08P01':
    'the other side speaks another protocol, or is a pooler that does not take a setting of the pool: ' +
    'check host and port, and put settings on the role',
  ECONNREFUSED: 'nobody listens there: check host and port, and that the server runs',
  ENOTFOUND: 'the host has no address: check its name',
  EAI_AGAIN: 'the host name cannot be looked up now; repeat it',
  ETIMEDOUT: 'the server does not answer: check host, port and firewall',
  EHOSTUNREACH: 'the server cannot be reached: check host and network',
  ENETUNREACH: 'the server cannot be reached: check host and network',
  ENOENT: 'there is no socket of that name: check the host, and that the server runs',
  EACCES: 'this process may not use that socket',
  SELF_SIGNED_CERT_IN_CHAIN: unknownCertificate,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownCertificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCertificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCertificate,
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host: use the name that it has',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
}

/** What to do about an error of `pg` that has no code, by the beginning of its message. */
const adviceByMessage: readonly (readonly [beginning: string, advice: string])[] = [
  [
    'timeout exceeded when trying to connect',
    'no connection of the pool came free in time: ' +
      'raise its max or connectionTimeoutMillis, or look for clients that are not released',
  ],
  ['Connection terminated due to connection timeout', advice.ETIMEDOUT as string],
  ['timeout expired', advice.ETIMEDOUT as string],
  ['Cannot use a pool after calling end', 'the pool was ended: end it after the store and the manifest are closed'],
  ['Client was closed', 'the client was ended: use one that is connected'],
  ['The server does not support SSL', 'leave `ssl` out, or switch it on at the server'],
  ['There was an error establishing an SSL connection', 'check that a PostgreSQL server listens there, and its log'],
  ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password', 'the server asks for a password: give one'],
]

/** Codes of errors that leave the connection unusable. */
const connectionLost = new Set([
  ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', '08000', '08003', '08006'],
  ...['25P03', '25P04', '57P01', '57P02', '57P03', '57P04', '57P05'],
])
const missingTable = new Set(['42P01', '3F000', '42703'])
const serializationFailures = new Set(['40001', '40P01'])

/** The SQLSTATE or system code of an error, or the empty string. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Whether the server rolled the statement back because of another transaction. To repeat it can succeed. */
export function isSerializationFailure(error: unknown): boolean {
  return serializationFailures.has(codeOf(error))
}

/** Whether the statement did not run because the connection no longer has it prepared. */
export function isUnprepared(error: unknown): boolean {
  return codeOf(error) === '26000'
}

/** Whether the connection broke, so that the statement may have had its effect or not. */
export function isConnectionLoss(error: unknown): boolean {
  if (connectionLost.has(codeOf(error))) return true
  return (
    error instanceof Error && /^(Connection terminated|Client has encountered|Query read timeout)/.test(error.message)
  )
}

/**
 * An error of ours that says what to do, with the server's as its cause. It holds no credential: messages of the server
 * never do.
 */
export function explained(error: unknown, schema: string): AttachmentStoreError {
  if (AttachmentStoreError.isInstance(error)) return error
  const code = codeOf(error)
  if (missingTable.has(code)) return missingSchema(schema, error)
  const what = error instanceof Error ? error.message || nestedMessage(error) : String(error)
  const tag = code === '' || what.includes(code) ? '' : ` (${code})`
  return new AttachmentBackendError(`PostgreSQL: ${what}${tag}; ${adviceOn(error, code)}`, { cause: error })
}

export function missingSchema(schema: string, cause?: unknown): AttachmentSchemaError {
  return new AttachmentSchemaError(
    `the tables of attachments are not in schema "${schema}", or not as this version needs them: ` +
      'if a newer version has migrated them, go on with that version; ' +
      `otherwise leave out \`migrate: false\`, or run the SQL that migrationSql('${schema}') gives`,
    { cause },
  )
}

function adviceOn(error: unknown, code: string): string {
  const known = advice[code]
  if (known !== undefined) return known
  const message = error instanceof Error ? error.message : ''
  const told = adviceByMessage.find(([beginning]) => message.startsWith(beginning))
  if (told !== undefined) return told[1]
  if (isConnectionLoss(error)) return 'the connection was lost; repeat it, that does no harm'
  return 'see the cause'
}

/** The error of several addresses tried at once has its messages in its inner errors. */
function nestedMessage(error: Error): string {
  const inner = (error as AggregateError).errors
  return Array.isArray(inner) && inner[0] instanceof Error ? inner[0].message : error.name
}
