import type { ClientBase, TransactionStatus } from 'pg'

/**
 * The status that the server reported last: 'I' without a transaction, 'T' with an open one, 'E' with a failed one.
 * Null before the client is connected. Undefined while it is busy, perhaps with a BEGIN, and for a client that does not
 * tell.
 */
export function transactionStatus(client: ClientBase): TransactionStatus | undefined {
  return isBusy(client) ? undefined : client.getTransactionStatus?.()
}

/** Whether the client is running a statement. */
export function isBusy(client: ClientBase): boolean {
  return (client as { readyForQuery?: boolean }).readyForQuery === false
}
