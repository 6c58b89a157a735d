import { setTimeout } from 'node:timers/promises'
import { AttachmentBackendError, AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { abortable } from '@lash/attachments-core/backend'
import type { ClientBase, Pool, PoolClient, QueryResultRow, Submittable } from 'pg'
import type { PostgresOptions } from '../options.ts'
import { forgetPrepared, StatementQuery, type StatementResult } from '../protocol/statement-query.ts'
import { ClientCheckout } from './client-checkout.ts'
import { checkConnection } from './connection-check.ts'
import { checkPool, ownPool } from './pool.ts'
import { explained, isConnectionLoss, isSerializationFailure, isUnprepared } from './postgres-error.ts'
import { textOnly } from './result-text.ts'
import {
  checkSchema,
  checkSeesAll,
  checkVersion,
  defaultSchema,
  installedVersion,
  migrate,
  schemaVersion,
  versionWithin,
} from './schema.ts'
import type { Statement } from './statement.ts'

/** How often a statement is tried that other transactions got in the way of. */
const maxAttempts = 12

/**
 * READ COMMITTED, whatever the default of the database is: each statement must see what was committed before it. And everything by index: of tables that
 * it has not analyzed since they grew, the planner may think that reading all of them is cheaper than to look up a thousand rows.
 */
const begin = `
  BEGIN ISOLATION LEVEL READ COMMITTED;
  SET LOCAL search_path = pg_catalog;
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off`

/** A connection in a transaction or checked out for one statement. */
export interface Session {
  query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<StatementResult<Row>>
  /** A statement that speaks the protocol itself, such as a COPY. */
  submit(query: ProtocolStatement): Promise<void>
}

type ProtocolStatement = Submittable & { readonly done: Promise<void> }

/** A pool, the schema in it, and the rules by which everything here talks to it. Errors are ours, with advice. */
export class Database {
  readonly schema: string
  readonly pool: Pool
  readonly #ownsPool: boolean
  readonly #migrate: boolean
  readonly #prepare: boolean
  #ready: Promise<void> | undefined
  #isReady = false
  #isReadyWithin = false

  constructor(options: PostgresOptions) {
    this.schema = checkSchema(options.schema ?? defaultSchema)
    this.#migrate = options.migrate ?? true
    this.#prepare = options.prepare ?? true
    this.#ownsPool = options.pool === undefined
    this.pool = options.pool === undefined ? ownPool(options) : checkPool(options.pool)
    if ((this.pool.options as { pipeline?: boolean }).pipeline) {
      throw new AttachmentInvalidArgumentError(
        'the pool must not have `pipeline: true`: bytes come and go by COPY, which it cannot do',
      )
    }
  }

  /** Whether both use the same tables through the same pool. */
  isSameAs(other: Database): boolean {
    return this.pool === other.pool && this.schema === other.schema
  }

  /**
   * Runs one statement, a transaction of its own. Tried again where another transaction got in its way.
   *
   * When the signal aborts, the statement is cancelled. Should it have been done by then, its result stands: rejecting would say that nothing
   * was changed.
   */
  query<Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<StatementResult<Row>> {
    return this.#untilDone(signal, session => session.query<Row>(statement, values))
  }

  /** Runs a statement that speaks the protocol itself, in a transaction of its own. `start` makes one for each attempt. */
  submit(start: () => ProtocolStatement, signal?: AbortSignal): Promise<void> {
    return this.#untilDone(signal, session => session.submit(start()))
  }

  /**
   * Runs a transaction at READ COMMITTED, whose statements find their rows by index. An error or an abort before its end rolls it back. All of it
   * is done again where another transaction got in its way, so `work` must leave nothing behind but its result.
   */
  transaction<T>(signal: AbortSignal | undefined, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#untilDone(signal, async (session, client) => {
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

  /** Runs one statement, whose columns are all text, in a transaction that the host has open on its client. Its errors come as the server sent them. */
  async queryWithin<Row extends QueryResultRow>(
    client: ClientBase,
    statement: Statement,
    values: readonly unknown[],
  ): Promise<{ rows: Row[] }> {
    const config = { text: statement.text, values: values as unknown[], types: textOnly }
    try {
      return await client.query<Row>(this.#prepare ? { ...config, name: statement.name } : config)
    } catch (error) {
      if (isUnprepared(error)) forgetPrepared((client as { connection?: unknown }).connection, statement.name)
      throw error
    }
  }

  /** Once per instance, and again after a failure: checks the schema, and creates it where that is wanted. */
  ready(): Promise<void> {
    this.#ready ??= this.#prepareSchema().then(
      () => {
        this.#isReady = true
      },
      error => {
        this.#ready = undefined
        throw explained(error, this.schema)
      },
    )
    return this.#ready
  }

  /**
   * As {@link ready}, on the client of a host that has a transaction open: the pool may have no other connection. The schema is only looked for
   * there, never created. What is wrong with it is found without an SQL error, so that the transaction stays usable.
   * @returns false when there is no schema, and the first use is to create it: nothing has ever been recorded.
   */
  async readyWithin(client: ClientBase): Promise<boolean> {
    await checkConnection(client)
    if (this.#isReady || this.#isReadyWithin) return true
    const version = await versionWithin(client, this.schema)
    if (version === 0 && this.#migrate) return false
    checkVersion(version, this.schema)
    await checkSeesAll(client, this.schema)
    this.#isReadyWithin = true
    return true
  }

  async #prepareSchema(): Promise<void> {
    const client = await this.pool.connect()
    const checkout = new ClientCheckout(this.pool, client, undefined)
    try {
      await checkout.checkNoTransaction()
      await checkConnection(client)
      const version = await installedVersion(client, this.schema)
      if (version < schemaVersion && this.#migrate) await migrate(client, this.schema)
      else checkVersion(version, this.schema)
      await checkSeesAll(client, this.schema)
    } catch (error) {
      checkout.failed(error)
      throw error
    } finally {
      checkout.end()
    }
  }

  async close(): Promise<void> {
    if (this.#ownsPool) await this.pool.end()
  }

  /** Deadlocks and serialization failures are the server's to choose: what was chosen has changed nothing, and is done again, boundedly often. */
  async #untilDone<T>(
    signal: AbortSignal | undefined,
    work: (session: Session, client: PoolClient) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#withClient(signal, work)
      } catch (error) {
        const cause = (error as Error | undefined)?.cause
        if (attempt === maxAttempts || !(isSerializationFailure(cause) || isUnprepared(cause))) throw error
        // Those that collided must not all come back at once.
        await abortable(setTimeout(Math.random() * 2 ** attempt), signal)
      }
    }
  }

  async #withClient<T>(
    signal: AbortSignal | undefined,
    work: (session: Session, client: PoolClient) => Promise<T>,
  ): Promise<T> {
    if (!this.#isReady) await abortable(this.ready(), signal)
    const client = await this.#connect(signal)
    const checkout = new ClientCheckout(this.pool, client, signal)
    const session: Session = {
      query: (statement, values) => StatementQuery.run(client, statement, values, this.#prepare),
      submit: query => {
        client.query(query)
        return query.done
      },
    }
    try {
      await checkout.checkNoTransaction()
      await checkConnection(client)
      signal?.throwIfAborted()
      return await work(session, client)
    } catch (error) {
      checkout.failed(error)
      if (signal?.aborted) throw signal.reason
      throw explained(error, this.schema)
    } finally {
      checkout.end()
    }
  }

  async #connect(signal: AbortSignal | undefined): Promise<PoolClient> {
    const connecting = this.pool.connect()
    try {
      const client = await abortable(connecting, signal)
      if (!signal?.aborted) return client
    } catch (error) {
      if (!signal?.aborted) throw explained(error, this.schema)
    }
    // It may still come, and nobody waits for it any more.
    connecting.then(client => client.release()).catch(ignore)
    throw signal?.reason
  }
}

function unknownOutcome(cause: unknown): AttachmentBackendError {
  return new AttachmentBackendError(
    'PostgreSQL: the connection was lost while the transaction was being committed; it is done or it is not, repeat it, that does no harm',
    { cause },
  )
}

function ignore(): void {}
