import { setTimeout } from 'node:timers/promises'
import { AttachmentBackendError } from '@lash/attachments-core'
import { abortable } from '@lash/attachments-core/backend'
import type { ClientBase, Pool, PoolClient, QueryResultRow } from 'pg'
import type { PostgresDatabaseOptions } from '../options.ts'
import {
  type CopiedRow,
  type CopyField,
  copyIn,
  copyOut,
  forgetPrepared,
  runStatement,
  type StatementResult,
} from '../protocol/protocol.ts'
import { ClientCheckout } from './client-checkout.ts'
import { checkConnection } from './connection-check.ts'
import { leavePool, usePool } from './pool.ts'
import { explained, isConnectionLoss, isSerializationFailure, isUnprepared } from './postgres-error.ts'
import { textOnly } from './result-parsers.ts'
import { checkSchema, defaultSchema } from './schema.ts'
import { SchemaSetup } from './schema-setup.ts'
import type { Statement } from './statement.ts'

/** How often a statement is tried that the server rolls back because of other transactions. */
const maxAttempts = 12

/**
 * READ COMMITTED, whatever the default of the database: each statement must see what was committed before it. And force
 * index lookups: for tables that grew since they were analyzed, stale statistics favour sequential scans.
 */
const begin = `
  BEGIN ISOLATION LEVEL READ COMMITTED;
  SET LOCAL search_path = pg_catalog;
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off`

/** A connection in a transaction, or checked out for one statement. */
export interface Session {
  query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<StatementResult<Row>>
  /** Sends rows by a COPY. */
  copyIn(text: string, rows: AsyncIterable<readonly CopyField[]>): Promise<void>
}

/** Runs statements in one schema, on the connections of a pool. Its errors are ours, with advice. */
export class Database {
  readonly schema: string
  readonly #pool: Pool
  readonly #prepare: boolean
  readonly #setup: SchemaSetup

  /** @throws AttachmentInvalidArgumentError */
  constructor(options: PostgresDatabaseOptions) {
    this.schema = checkSchema(options.schema ?? defaultSchema)
    this.#prepare = options.prepare ?? true
    this.#pool = usePool(options)
    this.#setup = new SchemaSetup(this.#pool, this.schema, options.migrate ?? true)
  }

  /** Whether both use the same tables through the same pool. */
  isSameAs(other: Database): boolean {
    return this.#pool === other.#pool && this.schema === other.schema
  }

  /**
   * Runs one statement, which is a transaction of its own. It is repeated when the server rolls it back because of
   * another transaction.
   *
   * An abort cancels the statement. When it was done by then, its result stands: a rejection would say that nothing
   * changed.
   */
  query<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<StatementResult<Row>> {
    return this.#repeated(signal, session => session.query<Row>(statement, values))
  }

  /** As {@link query}, with rows that come by a COPY. Gives what `read` makes of each. */
  copyOut<T>(text: string, read: CopiedRow<T>, signal?: AbortSignal): Promise<T[]> {
    return this.#repeated(signal, (_session, client) => copyOut(client, text, read))
  }

  /**
   * Runs a transaction at READ COMMITTED, whose statements find their rows by index. An error or an abort before its
   * end rolls it back. It is repeated as a whole when the server rolls it back because of another transaction, so
   * `work` must have no effect but its result.
   */
  transaction<T>(signal: AbortSignal | undefined, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#repeated(signal, async (session, client) => {
      await client.query(begin)
      let result: T
      try {
        result = await work(session)
        signal?.throwIfAborted()
      } catch (error) {
        if (!isConnectionLoss(error)) await client.query('ROLLBACK').catch(ignore)
        throw error
      }
      try {
        await client.query('COMMIT')
      } catch (error) {
        throw isConnectionLoss(error) ? unknownOutcome(error) : error
      }
      return result
    })
  }

  /**
   * Runs one statement, whose columns are all text, in the transaction that a host has open on its client. Errors come
   * as the server sent them.
   */
  async queryWithin<Row extends QueryResultRow>(
    client: ClientBase,
    statement: Statement,
    values: readonly unknown[],
  ): Promise<{ rows: Row[] }> {
    const config = { text: statement.text, values: values as unknown[], types: textOnly }
    try {
      return await client.query<Row>(this.#prepare ? { ...config, name: statement.name } : config)
    } catch (error) {
      if (isUnprepared(error)) forgetPrepared(client, statement.name)
      throw error
    }
  }

  /** Whether statements can run {@link queryWithin} the transaction. See {@link SchemaSetup.checkWithin}. */
  readyWithin(client: ClientBase): Promise<boolean> {
    return this.#setup.checkWithin(client)
  }

  close(): Promise<void> {
    return leavePool(this.#pool)
  }

  /**
   * Deadlocks and serialization failures change nothing. The work is repeated after each, a bounded number of times.
   */
  async #repeated<T>(
    signal: AbortSignal | undefined,
    work: (session: Session, client: PoolClient) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#withClient(signal, work)
      } catch (error) {
        const cause = (error as Error | undefined)?.cause
        if (attempt === maxAttempts || !(isSerializationFailure(cause) || isUnprepared(cause))) throw error
        // A random delay: transactions that collided must not all come back at once.
        await abortable(setTimeout(Math.random() * 2 ** attempt), signal)
      }
    }
  }

  async #withClient<T>(
    signal: AbortSignal | undefined,
    work: (session: Session, client: PoolClient) => Promise<T>,
  ): Promise<T> {
    if (!this.#setup.done) await abortable(this.#setup.run(), signal)
    const client = await this.#connect(signal)
    const checkout = new ClientCheckout(this.#pool, client, signal)
    try {
      await checkout.checkNoTransaction()
      await checkConnection(client)
      signal?.throwIfAborted()
      return await work(this.#sessionOn(client), client)
    } catch (error) {
      checkout.failed(error)
      if (signal?.aborted) throw signal.reason
      throw explained(error, this.schema)
    } finally {
      checkout.end()
    }
  }

  async #connect(signal: AbortSignal | undefined): Promise<PoolClient> {
    const connecting = this.#pool.connect()
    try {
      const client = await abortable(connecting, signal)
      if (!signal?.aborted) return client
    } catch (error) {
      if (!signal?.aborted) throw explained(error, this.schema)
    }
    // The client may still come, although nobody waits for it any more.
    connecting.then(client => client.release()).catch(ignore)
    throw signal?.reason
  }

  #sessionOn(client: PoolClient): Session {
    return {
      query: (statement, values) => runStatement(client, statement, values, this.#prepare),
      copyIn: (text, rows) => copyIn(client, text, rows),
    }
  }
}

function unknownOutcome(cause: unknown): AttachmentBackendError {
  return new AttachmentBackendError(
    'PostgreSQL: the connection was lost while the transaction was being committed; ' +
      'it is done or it is not, repeat it, that does no harm',
    { cause },
  )
}

function ignore(): void {}
