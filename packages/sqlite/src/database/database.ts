import { existsSync } from 'node:fs'
import type { AttachmentStoreError } from '@lash/attachments-core'
import { type ImportBatch, makeFolder, usedManifestError } from '@lash/attachments-core/backend'
import type { Database, Statement } from 'better-sqlite3'
import { GrowthLimit, unlimitedPages } from '../full-disk/growth-limit.ts'
import { GenerationTable } from '../manifest/generation-table.ts'
import { ImportTable } from '../manifest/import-table.ts'
import { RefTable } from '../manifest/ref-table.ts'
import { type Readable, ReadGroup } from '../reading/read-group.ts'
import { ReadQueue } from '../reading/read-queue.ts'
import { ThreadConnection } from '../thread/thread-connection.ts'
import { GroupWriter } from '../writing/group-writer.ts'
import type { OperationKind, OperationRequest, OperationResult } from '../writing/operations.ts'
import { type SubmitOptions, WriteQueue } from '../writing/write-queue.ts'
import { WriteTransaction } from '../writing/write-transaction.ts'
import { openConnection, prepare } from './connection.ts'
import { longTransaction } from './long-transaction.ts'
import { checkBusyTimeout, checkPlace, fileOf, type SqliteDatabaseOptions } from './options.ts'
import { newerSchemaError, prepareSchema } from './schema.ts'
import { attachmentError, isMissingTable } from './sqlite-error.ts'
import { syncLog } from './sync-log.ts'
import { Tables } from './tables.ts'

/**
 * Opens the database of the options, and holds it once. `openSqliteAttachments` gives its two halves one that is
 * already open, as an option that no public type has.
 * @throws as the constructor of AttachmentDatabase does.
 */
export function openDatabase(options: SqliteDatabaseOptions & { shared?: AttachmentDatabase }): AttachmentDatabase {
  return (options.shared ?? new AttachmentDatabase(options)).hold()
}

type ArgumentsOf<F> = F extends (...args: infer A) => unknown ? A : never
type AnswerOf<F> = F extends (...args: never[]) => infer R ? R : never

/** How long the event loop's thread itself waits for a lock. From then on it tries again with timers. */
const mainThreadTimeoutMs = 5

/**
 * One database as the store and the manifest use it: a connection for reading, on this thread, and a queue for writing.
 * Shared by everyone who holds it, and closed by the last of them.
 */
export class AttachmentDatabase {
  /** For messages. */
  readonly path: string
  /** The handle that a host's synchronous calls run on: its own, or ours where it gave none. */
  readonly hostHandle: Database
  readonly busyTimeoutMs: number
  readonly #connection: Database
  /** Whether the connection is ours to close. */
  readonly #owned: boolean
  /** The same for every way to name the file; undefined for a database in memory. */
  readonly #file: string | undefined
  readonly #reads: ReadQueue
  readonly #journalMode: Statement
  readonly #transaction: WriteTransaction
  readonly #writes: WriteQueue
  #isWal = false
  #hostRefs: RefTable | undefined
  #holders = 0
  #closed: Promise<void> | undefined

  /** @throws AttachmentInvalidArgumentError, AttachmentIoError, AttachmentSchemaError, AttachmentBackendError. */
  constructor(options: SqliteDatabaseOptions) {
    const { database } = options
    this.path = checkPlace(options)
    const busyTimeoutMs = checkBusyTimeout(options.busyTimeoutMs)
    this.busyTimeoutMs = busyTimeoutMs
    // Nobody else can see an in-memory database: it has to be used through the one handle there is.
    this.#owned = !database?.memory
    try {
      this.#connection = database?.memory ? database : this.#open(database?.readonly ?? false)
    } catch (error) {
      throw this.error(error)
    }
    try {
      // A link that led nowhere leads to a file by now, and the log is beside that.
      this.path = fileOf(this.#connection)
      this.#file = this.#connection.memory ? undefined : this.path
      prepareSchema(this.#connection, { owned: database === undefined, path: this.path, busyTimeoutMs })
      if (this.#file !== undefined && !this.#connection.readonly) syncLog(this.#file)
      const tables = new Tables(this.#connection)
      const group = new ReadGroup(this.#connection, tables)
      const thread = this.#file === undefined ? undefined : new ThreadConnection(this.#file)
      this.#reads = new ReadQueue({ group, thread, busyTimeoutMs, error: cause => this.error(cause) })
      this.#journalMode = prepare(this.#connection, 'PRAGMA journal_mode').pluck()
      this.hostHandle = database ?? this.#connection
      this.#transaction = new WriteTransaction(this.#connection, tables)
      this.#writes = new WriteQueue(this.#groupWriter(this.#transaction, thread))
    } catch (error) {
      if (this.#owned) this.#connection.close()
      throw this.error(error)
    }
  }

  #open(readonly: boolean): Database {
    if (this.path !== ':memory:' && !existsSync(this.path)) makeFolder(this.path)
    return openConnection({ path: this.path, busyTimeoutMs: this.busyTimeoutMs, readonly })
  }

  #groupWriter(transaction: WriteTransaction, thread: ThreadConnection | undefined): GroupWriter {
    const connection = this.#connection
    const common = {
      transaction,
      thread,
      busyTimeoutMs: this.busyTimeoutMs,
      isInHostTransaction: () => connection.inTransaction,
    }
    if (this.#file === undefined) return new GroupWriter({ ...common, growthLimit: undefined })
    connection.pragma(`busy_timeout = ${mainThreadTimeoutMs}`)
    const growthLimit = connection.readonly ? undefined : new GrowthLimit(connection, this.#file)
    return new GroupWriter({ ...common, growthLimit })
  }

  /** Whether both are the same file, so that a transaction on one covers the other. */
  isSameAs(other: AttachmentDatabase): boolean {
    return this === other || (this.#file !== undefined && this.#file === other.#file)
  }

  /** Reads: on this thread, in this turn of the event loop unless reads have filled it; from a slow disk on another. */
  read<T extends keyof Readable, M extends keyof Readable[T]>(
    table: T,
    method: M,
    ...args: ArgumentsOf<Readable[T][M]>
  ): Promise<AnswerOf<Readable[T][M]>> {
    return this.#reads.submit(table, method, args) as Promise<AnswerOf<Readable[T][M]>>
  }

  /**
   * Makes sure that blobs just read are durable, for a put that need not write. In WAL mode they are: connections like
   * ours, which write them, show nothing before it is synced, and what dead processes left was synced when the file was
   * opened. A database that is in WAL mode stays so while this connection is open.
   */
  confirmDurable(): void {
    if (this.#file === undefined || this.#isWal) return
    try {
      this.#isWal = this.#journalMode.get() === 'wal'
      if (!this.#isWal) syncLog(this.#file)
    } catch (error) {
      throw this.error(error)
    }
  }

  /** Writes; resolves when it is durable. */
  async write<K extends OperationKind>(
    kind: K,
    request: OperationRequest<K>,
    options?: SubmitOptions,
  ): Promise<OperationResult<K>> {
    try {
      return await this.#writes.submit(kind, request, options)
    } catch (error) {
      throw options?.signal?.aborted ? error : this.error(error)
    }
  }

  /** Runs in the host's transaction if its handle has one open, else in its own. Blocks while the file is locked. */
  writeRefsSync<T>(work: (refs: RefTable) => T): T {
    const handle = this.hostHandle
    try {
      this.#hostRefs ??= new RefTable(handle, new GenerationTable(handle))
      const refs = this.#hostRefs
      if (handle.inTransaction) return work(refs)
      const isOurs = handle === this.#connection
      if (isOurs) {
        handle.pragma(`busy_timeout = ${this.busyTimeoutMs}`)
        // It takes little room, and cannot wait until there is more.
        this.#transaction.limit(unlimitedPages)
      }
      try {
        return handle.transaction(() => work(refs)).immediate()
      } finally {
        if (isOurs) handle.pragma(`busy_timeout = ${mainThreadTimeoutMs}`)
      }
    } catch (error) {
      throw this.error(error)
    }
  }

  /**
   * Fills the tables in one transaction, which lasts as long as the batches take to come. In memory, where there is one
   * connection only, it begins when all of them are there.
   */
  async fill(batches: AsyncIterable<ImportBatch>): Promise<void> {
    try {
      if (this.#file === undefined) await this.#fillMemory(batches)
      else await this.#fillFile(this.#file, batches)
    } catch (error) {
      throw this.error(error)
    }
  }

  async #fillFile(path: string, batches: AsyncIterable<ImportBatch>): Promise<void> {
    const { busyTimeoutMs } = this
    const { readonly } = this.#connection
    await longTransaction({ path, busyTimeoutMs, readonly }, async connection => {
      const table = new ImportTable(connection)
      if (table.isUsed()) throw usedManifestError('sqlite')
      for await (const batch of batches) table.add(batch)
    })
  }

  async #fillMemory(batches: AsyncIterable<ImportBatch>): Promise<void> {
    const table = new ImportTable(this.#connection)
    const checkUnused = () => {
      if (table.isUsed()) throw usedManifestError('sqlite')
    }
    checkUnused()
    const all: ImportBatch[] = []
    for await (const batch of batches) all.push(batch)
    const addAll = this.#connection.transaction(() => {
      checkUnused()
      for (const batch of all) table.add(batch)
    })
    addAll.immediate()
  }

  /** Any error as one of ours; see {@link attachmentError}. */
  error(error: unknown): AttachmentStoreError {
    return this.#migratedError(error) ?? attachmentError(error, this.path, this.busyTimeoutMs)
  }

  #migratedError(error: unknown): AttachmentStoreError | undefined {
    if (!isMissingTable(error)) return undefined
    try {
      return newerSchemaError(this.#connection, this.path, error)
    } catch {
      // What could not be looked up adds nothing to the error that there is.
      return undefined
    }
  }

  hold(): this {
    this.#holders++
    return this
  }

  /** Closes with the last holder. */
  async release(): Promise<void> {
    this.#holders--
    if (this.#holders > 0) return
    this.#closed ??= this.#close()
    await this.#closed
  }

  async #close(): Promise<void> {
    try {
      await this.#reads.close()
      await this.#writes.close()
    } finally {
      if (this.#owned) this.#connection.close()
    }
  }
}
