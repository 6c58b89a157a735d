import type {
  AttachmentCommitOptions,
  AttachmentContent,
  AttachmentId,
  AttachmentIntent,
  AttachmentIntentAndPut,
  AttachmentKey,
  AttachmentManifestEntry,
  AttachmentRef,
  AttachmentSignalOptions,
  AttachmentStore,
  OrphanClaim,
  OrphanQuery,
} from '@lash/attachments-core'
import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import {
  type AttachmentManifestOptions,
  abortable,
  type CheckedIntent,
  type CommitRequest,
  type CommitTarget,
  driverOf,
  type EntryPages,
  type ImportBatch,
  type ListedContent,
  ManifestBase,
  placed,
  type RecordPages,
  storedMeta,
} from '@lash/attachments-core/backend'
import type { ClientBase } from 'pg'
import { Database } from '../database/database.ts'
import { explained, isSerializationFailure } from '../database/postgres-error.ts'
import { byteaOf } from '../database/statement.ts'
import { transactionStatus } from '../database/transaction-status.ts'
import type { PostgresDatabaseOptions } from '../options.ts'
import { isStored } from '../store/blob-row.ts'
import { PostgresDriver } from '../store/driver.ts'
import { Claims } from './claims.ts'
import { holderKey } from './holder-columns.ts'
import { Intents } from './intents.ts'
import { contentPage, type ManifestStatements, manifestStatements, refPage } from './manifest-statements.ts'
import { exportPages, importBatches } from './moves.ts'
import { entryOfRow, RefLookup, type RefRow } from './ref-lookup.ts'

export interface PostgresAttachmentManifestOptions extends PostgresDatabaseOptions, AttachmentManifestOptions {}

export interface PostgresCommitOptions extends AttachmentCommitOptions {
  /**
   * A `pg` client of the same database, on which the host has a transaction open; any other is refused. The refs are
   * committed exactly when that transaction commits. A refusal leaves the transaction usable.
   */
  client?: ClientBase | undefined
}

/**
 * A manifest in tables of a PostgreSQL database, for any number of processes. See `AttachmentManifest` for what it
 * guarantees. An intent, a commit, a release and a lookup are one statement each. Claims and settlements are statements
 * for many contents.
 *
 * Errors of the server are `AttachmentBackendError` with the server's error as `cause`. When a connection breaks, the
 * call may have had its effect or not; every method may be repeated.
 */
export class PostgresAttachmentManifest extends ManifestBase {
  readonly #database: Database
  readonly #sql: ManifestStatements
  readonly #intents: Intents
  readonly #lookup: RefLookup
  readonly #claims: Claims

  /**
   * @param target the options, or `connectionString` for short.
   * @throws AttachmentInvalidArgumentError
   */
  constructor(target: string | PostgresAttachmentManifestOptions, options?: PostgresAttachmentManifestOptions) {
    const given = placed('connectionString', target, options)
    super('postgres', given)
    this.#database = new Database(given)
    this.#sql = manifestStatements(this.#database.schema)
    this.#intents = new Intents(this.#database)
    this.#lookup = new RefLookup(this.#database, this.#sql)
    this.#claims = new Claims(this.#database, this.now, this.tombstoneRetentionMs)
  }

  protected record(intent: CheckedIntent): Promise<number> {
    return this.#intents.record(intent)
  }

  /** One statement, and so one round trip, for small content whose store uses the same pool and schema. */
  recordIntentAndPut(
    store: AttachmentStore,
    intent: AttachmentIntent,
    content: AttachmentContent,
    { signal }: AttachmentSignalOptions,
  ): Promise<AttachmentIntentAndPut> | undefined {
    const driver = driverOf(store, PostgresDriver)
    if (driver === undefined || !driver.joins(this.#database, content)) return undefined
    return this.recordWith(content, intent, signal, async (checked, meta) => {
      const { id, byteLength } = content
      const bytes = content.bytes as Uint8Array
      const row = await this.#intents.recordAndPut({ intent: { ...checked, meta }, bytes }, signal)
      return { generation: Number(row.generation), isPut: isStored(storedMeta(id, byteLength, meta), row) }
    })
  }

  /**
   * As in any manifest. With `client`, it runs in the host's own transaction. Make it one of the last statements there:
   * until the transaction ends, an intent of the same holder for the same bytes waits for it. In REPEATABLE READ and
   * SERIALIZABLE, put the bytes before the first statement of the transaction, which sees no later intents and would
   * refuse them. Serialization failures (40001, 40P01) come as `pg` gives them, for the host's own retry.
   * @throws AttachmentIntentExpiredError, AttachmentInvalidArgumentError, AttachmentBackendError.
   */
  override commitRefs(
    sessionId: string,
    refs: readonly (AttachmentRef | AttachmentId)[],
    options: PostgresCommitOptions = {},
  ): Promise<void> {
    return super.commitRefs(sessionId, refs, options)
  }

  protected async commit(
    sessionId: string,
    targets: readonly CommitTarget[],
    { holder, client: given, signal }: CommitRequest,
  ): Promise<AttachmentId[]> {
    const client = checkClient(given)
    if (targets.length === 0) return []
    const ids = targets.map(({ id }) => id)
    const generations = targets.map(({ generation }) => generation ?? null)
    const values = [sessionId, holderKey(holder), ids.map(byteaOf), generations, this.now()]
    const refused =
      client === undefined
        ? (await this.#database.query<{ id: string }>(this.#sql.commit, values, signal)).rows
        : await this.#commitWithin(client, values, signal)
    return refused === undefined ? ids : refused.map(({ id }) => id)
  }

  /**
   * Must raise no SQL error in the host's transaction, and cancel no statement there: that would abort it.
   * @returns the refused ids; undefined when there are no refs at all.
   */
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

  protected async release(
    sessionId: string,
    ids: readonly AttachmentId[] | undefined,
    holder: string | undefined,
    uncommittedOnly: boolean,
  ): Promise<void> {
    const ofHolder = holder === undefined ? [] : [holderKey(holder)]
    if (ids !== undefined) {
      const sql = holder === undefined ? this.#sql.release : this.#sql.releaseHeld
      await this.#database.query(sql, [sessionId, this.now(), uncommittedOnly, ids.map(byteaOf), ...ofHolder])
      return
    }
    const sql = holder === undefined ? this.#sql.releaseAll : this.#sql.releaseAllHeld
    const values = [sessionId, this.now(), uncommittedOnly, ...ofHolder]
    await this.#database.transaction(undefined, transaction => transaction.query(sql, values))
  }

  protected async find(
    sessionId: string,
    id: AttachmentId,
    holder: string | undefined,
  ): Promise<AttachmentManifestEntry | undefined> {
    const row = await this.#lookup.find(sessionId, id, holder)
    return row === null ? undefined : entryOfRow(row)
  }

  protected async *refsOf(sessionId: string, holder: string | undefined): EntryPages {
    const sql = holder === undefined ? this.#sql.listRefs : this.#sql.listHeld
    for (let after = { holder: holderKey(holder ?? ''), id: '' }; ; ) {
      const { rows } = await this.#database.query<RefRow>(sql, [sessionId, after.holder, byteaOf(after.id)])
      yield entriesOf(rows)
      if (rows.length < refPage) return
      after = rows.at(-1) as RefRow
    }
  }

  protected async *uncommitted(olderThanEpochMs: number): EntryPages {
    for (let after: AgedColumns | undefined; ; ) {
      const values = [olderThanEpochMs, after?.age ?? String(Number.MIN_SAFE_INTEGER), byteaOf(after?.id ?? '')]
      const rows = await this.#database.transaction(undefined, async session => {
        return (await session.query<AgedColumns>(this.#sql.listUncommitted, values)).rows
      })
      yield entriesOf(rows)
      if (new Set(rows.map(({ id }) => id)).size < contentPage) return
      after = rows.at(-1)
    }
  }

  protected claim(query: OrphanQuery): Promise<OrphanClaim[]> {
    return this.#claims.claimOrphans(query)
  }

  protected claimListed(highest: readonly AttachmentKey[], dryRun: boolean): Promise<ListedContent[]> {
    return this.#claims.claimListed(highest, dryRun)
  }

  protected settle(claims: readonly OrphanClaim[]): Promise<void> {
    return this.#claims.settle(claims)
  }

  protected drop(id: AttachmentId): Promise<void> {
    return this.#database.transaction(undefined, async session => {
      const key = byteaOf(id)
      const { rowCount } = await session.query(this.#sql.forgetLock, [key])
      if (rowCount === 0) return
      await session.query(this.#sql.forgetRefs, [key])
      await session.query(this.#sql.forgetContent, [key, this.now()])
    })
  }

  protected async *exported(): RecordPages {
    yield* exportPages(this.#database)
  }

  protected fill(batches: AsyncIterable<ImportBatch>): Promise<void> {
    return importBatches(this.#database, batches)
  }

  protected free(): Promise<void> {
    return this.#database.close()
  }
}

function* entriesOf(rows: readonly RefRow[]): Generator<AttachmentManifestEntry, void, void> {
  for (const row of rows) yield entryOfRow(row)
}

/** An entry, with the age of the oldest entry of its content. */
interface AgedColumns extends RefRow {
  age: string
}

function checkClient(given: unknown): ClientBase | undefined {
  if (given === undefined) return undefined
  const client = given as Partial<ClientBase> | null
  if (typeof client?.query !== 'function' || typeof client.escapeLiteral !== 'function') {
    throw new AttachmentInvalidArgumentError(
      'client must be the pg client that the transaction is open on, not a pool, ' +
        'which gives every statement another one, nor the client of another library',
    )
  }
  const status = transactionStatus(client as ClientBase)
  if (status === null) throw new AttachmentInvalidArgumentError('the client is not connected: connect it and BEGIN')
  if (status === 'I') {
    throw new AttachmentInvalidArgumentError(
      'no transaction is open on the client: BEGIN before the commit, and release the client after COMMIT; ' +
        'or leave `client` out',
    )
  }
  return client as ClientBase
}
