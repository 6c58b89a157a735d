import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import type { Pool, PoolClient } from 'pg'
import { isConnectionLoss } from './postgres-error.ts'
import { textOnly } from './result-text.ts'
import { isBusy, transactionStatus } from './transaction-status.ts'

/** How long a cancelled statement may take to end before its connection is dropped. */
const cancelPatienceMs = 1000

/** A client taken from the pool, watched until it is given back. */
export class Loan {
  readonly #pool: Pool
  readonly #client: PoolClient
  readonly #signal: AbortSignal | undefined
  #broken = false
  #ended = false
  #timer: NodeJS.Timeout | undefined

  constructor(pool: Pool, client: PoolClient, signal: AbortSignal | undefined) {
    this.#pool = pool
    this.#client = client
    this.#signal = signal
    // What breaks the connection also fails the statement on it; without a listener it would end the process.
    client.on('error', ignore)
    signal?.addEventListener('abort', this.#cancel, { once: true })
  }

  /**
   * What we did on a client that somebody gave back in the middle of a transaction would be in that, and gone with it. The connection is dropped,
   * so that this is met once.
   * @throws AttachmentInvalidArgumentError
   */
  async checkFree(): Promise<void> {
    // What it is still busy with may be the COMMIT, or the error that comes before the server is ready again.
    if (isBusy(this.#client)) await this.#client.query('')
    const status = transactionStatus(this.#client)
    if (status !== 'T' && status !== 'E') return
    this.#broken = true
    throw new AttachmentInvalidArgumentError(
      'a client of the pool was released with its transaction open, which is rolled back now: COMMIT or ROLLBACK before each release; repeat the call',
    )
  }

  failed(error: unknown): void {
    if (isConnectionLoss(error)) this.#broken = true
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#cancel)
    this.#release()
  }

  /** After a cancel the connection is not used again: a late one would hit the next statement on it. */
  readonly #cancel = (): void => {
    this.#broken = true
    const { processID } = this.#client as unknown as { processID: number }
    const text = 'SELECT pg_cancel_backend($1)::text'
    this.#pool.query({ text, values: [processID], types: textOnly }).catch(ignore)
    this.#timer = globalThis.setTimeout(() => this.#release(), cancelPatienceMs)
  }

  #release(): void {
    if (this.#ended) return
    this.#ended = true
    if (!this.#broken) this.#client.off('error', ignore)
    this.#client.release(this.#broken)
  }
}

function ignore(): void {}
