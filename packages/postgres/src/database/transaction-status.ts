import type { ClientBase, TransactionStatus } from 'pg'

/**
 * What the server said last of the connection: 'I', no transaction is open, 'T' or 'E', one is, or has failed; null before it is connected. Undefined
 * while it is busy, with a BEGIN perhaps, and of clients that cannot tell.
 */
export function transactionStatus(client: ClientBase): TransactionStatus | undefined {
  return isBusy(client) ? undefined : client.getTransactionStatus?.()
}

/** Whether a statement is under way on it. */
export function isBusy(client: ClientBase): boolean {
  return (client as { readyForQuery?: boolean }).readyForQuery === false
}
