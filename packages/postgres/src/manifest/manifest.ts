import {
  type AttachmentCommitOptions,
  type AttachmentContent,
  type AttachmentCreateMeta,
  type AttachmentId,
  type AttachmentIntent,
  AttachmentIntentExpiredError,
  AttachmentInvalidArgumentError,
  type AttachmentKey,
  type AttachmentManifest,
  type AttachmentManifestEntry,
  type AttachmentRef,
  type AttachmentSignalOptions,
  type AttachmentStore,
  isAttachmentId,
  type OrphanClaim,
  type OrphanQuery,
} from '@lash/attachments-core'
import {
  abortable,
  checkBlobs,
  checkCommit,
  checkIntent,
  checkOrphanQuery,
  checkSessionId,
  checkTime,
  isPreparedContent,
  Lifetime,
  placed,
  storedMeta,
} from '@lash/attachments-core/backend'
import type { ClientBase } from 'pg'
import { Database } from '../database/database.ts'
import { explained, isSerializationFailure } from '../database/postgres-error.ts'
import { byteaOf } from '../database/statement.ts'
import { transactionStatus } from '../database/transaction-status.ts'
import type { PostgresDatabaseOptions } from '../options.ts'
import { driverOf } from '../store/store.ts'
import { Claims } from './claims.ts'
import { entryOf, type RefColumns } from './entry-row.ts'
import { Intents } from './intents.ts'
import { contentPage, type ManifestStatements, manifestStatements, refPage } from './manifest-statements.ts'
import { RefLookup } from './ref-lookup.ts'

const defaultTombstoneRetentionMs = 30 * 24 * 60 * 60 * 1000

export interface PostgresAttachmentManifestOptions extends PostgresDatabaseOptions {
  /**
   * How long the generation of content that nobody refers to is remembered, in milliseconds, 0 or more. Default 30 days. It must be longer than
   * any sweeper can stall between its claim and its delete.
   */
  tombstoneRetentionMs?: number | undefined
  /** The clock for claims, commits and releases, in milliseconds since 1970. Safety does not depend on it. Default `Date.now`. */
  now?: (() => number) | undefined
}

export interface PostgresCommitOptions extends AttachmentCommitOptions {
  /**
   * A `pg` client of the same database on which the host has a transaction open; any other is refused. The refs are committed exactly when that transaction is, and
   * not when it is rolled back. A refusal leaves the transaction usable.
   */
  client?: ClientBase | undefined
}

/**
 * A manifest in tables of a PostgreSQL database, shared by as many processes as reach it. See `AttachmentManifest` for what it
 * guarantees. An intent, a commit, a release and a lookup are one statement each; claims and settlements many contents to a statement.
 *
 * Failures of the server are `AttachmentBackendError` with its own error as `cause`. When a connection breaks, what was asked may
 * have been done; every method may be repeated.
 */
export class PostgresAttachmentManifest implements AttachmentManifest {
  readonly #database: Database
  readonly #sql: ManifestStatements
  readonly #intents: Intents
  readonly #lookup: RefLookup
  readonly #claims: Claims
  readonly #now: () => number
  readonly #lifetime = new Lifetime('the postgres manifest')

  /**
   * @param target the options, or `connectionString` for short.
   * @throws AttachmentInvalidArgumentError when the options cannot be right.
   */
  constructor(target: string | PostgresAttachmentManifestOptions, options?: PostgresAttachmentManifestOptions) {
    const given = placed('connectionString', target, options)
    const { tombstoneRetentionMs = defaultTombstoneRetentionMs } = given
    if (!(tombstoneRetentionMs >= 0)) {
      throw new AttachmentInvalidArgumentError('tombstoneRetentionMs must be a number of milliseconds, 0 or more')
    }
    const now = wholeMilliseconds(given.now ?? Date.now)
    this.#database = new Database(given)
    this.#sql = manifestStatements(this.#database.schema)
    this.#intents = new Intents(this.#database)
    this.#lookup = new RefLookup(this.#database, this.#sql)
    this.#claims = new Claims(this.#database, now, tombstoneRetentionMs)
    this.#now = now
  }

  recordIntent(intent: AttachmentIntent): Promise<number> {
    return this.#lifetime.run(undefined, () => this.#intents.record(checkIntent(intent)))
  }

  /** One statement, and so one round trip, for small content whose store uses the same pool and schema. */
  recordIntentAndPut(
    store: AttachmentStore,
    intent: AttachmentIntent,
    content: AttachmentContent,
    options: AttachmentSignalOptions,
  ): Promise<number> | undefined {
    const driver = driverOf(store)
    if (driver === undefined || intent.meta === undefined || !driver.joins(this.#database, content)) return undefined
    // Content of which somebody only says that it has this id: the store's own put will read and hash it.
    if (!isPreparedContent(content)) return undefined
    const { signal } = options
    return this.#lifetime.run(signal, async () => {
      const checked = checkIntent(intent)
      const id = checked.attachmentId
      if (content.id !== id) throw new AttachmentInvalidArgumentError('the intent is for other content')
      const meta = checked.meta as AttachmentCreateMeta
      const bytes = content.bytes as Uint8Array
      const row = await this.#intents.recordAndPut({ intent: { ...checked, meta }, bytes }, signal)
      const generation = Number(row.generation)
      await driver.complete({ id, generation }, content, storedMeta(id, content.byteLength, meta), row, { signal })
      return generation
    })
  }

  /**
   * As of any manifest. With `client`, in the host's own transaction: make it one of the last things that the transaction does, since until it ends
   * an intent of the same session for the same bytes waits for it. In REPEATABLE READ and SERIALIZABLE, put the bytes before the
   * transaction's first statement: it does not see later intents, and refuses them. Serialization failures (40001, 40P01) come as `pg`
   * gave them, for the host's own retry.
   * @throws AttachmentIntentExpiredError, AttachmentInvalidArgumentError, AttachmentBackendError.
   */
  commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: PostgresCommitOptions = {},
  ): Promise<void> {
    return this.#lifetime.run(options.signal, async () => {
      const session = checkSessionId(sessionId)
      const targets = checkCommit(refs)
      const client = checkClient(options.client)
      if (targets.length === 0) return
      const ids = targets.map(({ id }) => byteaOf(id))
      const generations = targets.map(({ generation }) => generation ?? null)
      const values = [session, ids, generations, this.#now()]
      const refused =
        client === undefined
          ? (await this.#database.query<{ id: string }>(this.#sql.commit, values, options.signal)).rows
          : await this.#commitWithin(client, values, options.signal)
      if (refused === undefined) throw new AttachmentIntentExpiredError(targets.map(({ id }) => id))
      if (refused.length > 0) throw new AttachmentIntentExpiredError(refused.map(({ id }) => id))
    })
  }

  /** Nothing is sent that could fail in the host's transaction for a reason of ours, and nothing cancels it there: that would spoil it. Undefined: there are no refs at all. */
  async #commitWithin(
    client: ClientBase,
    values: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<{ id: string }[] | undefined> {
    signal?.throwIfAborted()
    try {
      if (!(await abortable(this.#database.readyWithin(client), signal))) return undefined
      const committing = this.#database.queryWithin<{ id: string }>(client, this.#sql.commit, values)
      return (await abortable(committing, signal)).rows
    } catch (error) {
      if (signal?.aborted || isSerializationFailure(error)) throw error
      throw explained(error, this.#database.schema)
    }
  }

  releaseRefs(sessionId: string, ids?: readonly AttachmentId[]): Promise<void> {
    return this.#lifetime.run(undefined, async () => {
      const session = checkSessionId(sessionId)
      if (ids === undefined) {
        const values = [session, this.#now()]
        await this.#database.transaction(undefined, transaction => transaction.query(this.#sql.releaseAll, values))
        return
      }
      const wellFormed = ids.filter(isAttachmentId).map(byteaOf)
      if (wellFormed.length > 0) await this.#database.query(this.#sql.release, [session, wellFormed, this.#now()])
    })
  }

  lookup(sessionId: string, id: AttachmentId): Promise<AttachmentManifestEntry | undefined> {
    return this.#lifetime.run(undefined, async () => {
      const session = checkSessionId(sessionId)
      if (!isAttachmentId(id)) return undefined
      const row = await this.#lookup.find(session, id)
      return row === null ? undefined : entryOf(row)
    })
  }

  async *listRefs(sessionId: string): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.#lifetime.assertOpen()
    const session = checkSessionId(sessionId)
    for (let after = ''; ; ) {
      const values = [session, byteaOf(after)]
      const { rows } = await this.#lifetime.run(undefined, () =>
        this.#database.query<RefColumns>(this.#sql.listRefs, values),
      )
      yield* this.#entries(rows)
      if (rows.length < refPage) return
      after = (rows.at(-1) as RefColumns).id
    }
  }

  async *listUncommitted(olderThanEpochMs: number): AsyncGenerator<AttachmentManifestEntry, void, void> {
    this.#lifetime.assertOpen()
    checkTime('olderThanEpochMs', olderThanEpochMs)
    for (let after: AgedColumns | undefined; ; ) {
      const values = [olderThanEpochMs, after?.age ?? String(Number.MIN_SAFE_INTEGER), byteaOf(after?.id ?? '')]
      const rows = await this.#lifetime.run(undefined, () => this.#uncommitted(values))
      yield* this.#entries(rows)
      if (new Set(rows.map(({ id }) => id)).size < contentPage) return
      after = rows.at(-1)
    }
  }

  #uncommitted(values: readonly unknown[]): Promise<AgedColumns[]> {
    return this.#database.transaction(undefined, async session => {
      return (await session.query<AgedColumns>(this.#sql.listUncommitted, values)).rows
    })
  }

  *#entries(rows: readonly RefColumns[]): Generator<AttachmentManifestEntry, void, void> {
    for (const row of rows) {
      this.#lifetime.assertOpen()
      yield entryOf(row)
    }
  }

  claimOrphans(query: OrphanQuery): Promise<OrphanClaim[]> {
    return this.#lifetime.run(undefined, async () => {
      const { ids, ...rest } = checkOrphanQuery(query)
      if (ids === undefined) return this.#claims.claimOrphans(rest)
      const wellFormed = ids.filter(isAttachmentId)
      return wellFormed.length === 0 ? [] : this.#claims.claimOrphans({ ...rest, ids: wellFormed })
    })
  }

  claimBlobs(blobs: readonly AttachmentKey[]): Promise<OrphanClaim[]> {
    return this.#lifetime.run(undefined, async () => {
      return this.#claims.claimBlobs(checkBlobs(blobs))
    })
  }

  settleClaims(claims: readonly OrphanClaim[]): Promise<void> {
    return this.#lifetime.run(undefined, async () => {
      const wellFormed = claims.filter(({ attachmentId }) => isAttachmentId(attachmentId))
      if (wellFormed.length > 0) await this.#claims.settle(wellFormed)
    })
  }

  forget(id: AttachmentId): Promise<void> {
    return this.#lifetime.run(undefined, async () => {
      if (!isAttachmentId(id)) return
      await this.#database.transaction(undefined, async session => {
        const key = byteaOf(id)
        const { rowCount } = await session.query(this.#sql.forgetLock, [key])
        if (rowCount === 0) return
        await session.query(this.#sql.forgetRefs, [key])
        await session.query(this.#sql.forgetContent, [key, this.#now()])
      })
    })
  }

  close(): Promise<void> {
    return this.#lifetime.close(() => this.#database.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** An entry with the age of the oldest of its content. */
interface AgedColumns extends RefColumns {
  age: string
}

/** A clock of the host may give fractions, as `performance` does. */
function wholeMilliseconds(now: () => number): () => number {
  return () => checkTime('what `now` gives', Math.floor(now()))
}

function checkClient(given: unknown): ClientBase | undefined {
  if (given === undefined) return undefined
  const client = given as Partial<ClientBase> | null
  if (typeof client?.query !== 'function' || typeof client.escapeLiteral !== 'function') {
    throw new AttachmentInvalidArgumentError(
      'client must be the pg client that the transaction is open on, not a pool, which gives every statement another one, nor the client of another library',
    )
  }
  const status = transactionStatus(client as ClientBase)
  if (status === null) throw new AttachmentInvalidArgumentError('the client is not connected: connect it and BEGIN')
  if (status === 'I') {
    throw new AttachmentInvalidArgumentError(
      'no transaction is open on the client: BEGIN before the commit, and release the client after COMMIT; or leave `client` out',
    )
  }
  return client as ClientBase
}
