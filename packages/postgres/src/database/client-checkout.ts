import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import type { Pool, PoolClient } from 'pg'
import { isConnectionLoss } from './postgres-error.ts'
import { textOnly } from './result-parsers.ts'
import { isBusy, transactionStatus } from './transaction-status.ts'

/** How long a cancelled statement may take to end before its connection is dropped. */
const cancelTimeoutMs = 1000

/** A client that was checked out of the pool, until it is released. */
export class ClientCheckout {
  readonly #pool: Pool
  readonly #client: PoolClient
  readonly #signal: AbortSignal | undefined
  #broken = false
  #released = false
  #timer: NodeJS.Timeout | undefined

  /** @param signal - cancels the statement that the client is busy with. */
  constructor(pool: Pool, client: PoolClient, signal: AbortSignal | undefined) {
    this.#pool = pool
    this.#client = client
    this.#signal = signal
    // A broken connection also fails the statement on it. Without a listener, the event would end the process.
    client.on('error', ignore)
    signal?.addEventListener('abort', this.#cancel, { once: true })
  }

  /**
   * Refuses a client that somebody released in the middle of a transaction: our statements would become part of that
   * transaction, and be rolled back with it. The connection is dropped, so this happens once.
   * @throws AttachmentInvalidArgumentError
   */
  async checkNoTransaction(): Promise<void> {
    // It may still be busy with the COMMIT, or the server may not be ready again after an error.
    if (isBusy(this.#client)) await this.#client.query('')
    const status = transactionStatus(this.#client)
    if (status !== 'T' && status !== 'E') return
    this.#broken = true
    throw new AttachmentInvalidArgumentError(
      'a client of the pool was released with its transaction open, which is rolled back now: ' +
        'COMMIT or ROLLBACK before each release; repeat the call',
    )
  }

  /** Tells of an error; after some of them the connection is not used again. */
  failed(error: unknown): void {
    if (isConnectionLoss(error)) this.#broken = true
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#cancel)
    this.#release()
  }

  /** The connection is not used again: a late cancel would hit its next statement. */
  readonly #cancel = (): void => {
    this.#broken = true
    const { processID } = this.#client as unknown as { processID: number }
    const text = 'SELECT pg_cancel_backend($1)::text'
    this.#pool.query({ text, values: [processID], types: textOnly }).catch(ignore)
    this.#timer = globalThis.setTimeout(() => this.#release(), cancelTimeoutMs)
  }

  #release(): void {
    if (this.#released) return
    this.#released = true
    if (!this.#broken) this.#client.off('error', ignore)
    this.#client.release(this.#broken)
  }
}

function ignore(): void {}
