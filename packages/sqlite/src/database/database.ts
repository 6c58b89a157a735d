import { existsSync } from 'node:fs'
import type { AttachmentStoreError } from '@lash/attachments-core'
import type { Database, Statement } from 'better-sqlite3'
import { RefTable } from '../manifest/ref-table.ts'
import { GroupWriter, type GroupWriterOptions } from '../writing/group-writer.ts'
import { type OperationKind, type OperationRequest, type OperationResult, Tables } from '../writing/operations.ts'
import { anyPages, Room } from '../writing/room.ts'
import { ThreadConnection } from '../writing/thread-connection.ts'
import { type SubmitOptions, WriteQueue } from '../writing/write-queue.ts'
import { WriteTransaction } from '../writing/write-transaction.ts'
import { checkTimeout } from './busy-timeout.ts'
import { openConnection } from './connection.ts'
import { makeFolder } from './folder.ts'
import { ReadQueue } from './read-queue.ts'
import { prepareSchema } from './schema.ts'
import { syncSeenCommits } from './seen-commits.ts'
import { attachmentError } from './sqlite-error.ts'
import { prepare } from './statement.ts'
import { checkTarget, fileOf } from './target.ts'

export interface SqliteDatabaseOptions {
  /** The database file, made when missing, with its folder. Or `:memory:`. Either this or `database`. */
  path?: string | undefined
  /**
   * The host's own open better-sqlite3 handle. Our tables (`lash_attachment*`) live beside the host's; `close()` leaves the handle open.
   * Bytes are read and written through connections of our own to the same file, and through the handle only in `commitRefsSync`; an
   * in-memory database is used through the handle alone.
   */
  database?: Database | undefined
  /** How long to wait for a lock that another process holds, in milliseconds. Default 5,000. The event loop goes on meanwhile. */
  busyTimeoutMs?: number | undefined
}

/**
 * Opens the database of the options, held once. `openSqliteAttachments` gives its two halves one that is open already, as
 * an option that no public type has.
 * @throws as the constructor of AttachmentDatabase does.
 */
export function openDatabase(options: SqliteDatabaseOptions & { shared?: AttachmentDatabase }): AttachmentDatabase {
  return (options.shared ?? new AttachmentDatabase(options)).hold()
}

/** How long the event loop's thread itself waits for a lock before it leaves the waiting to others. */
const handTimeoutMs = 5

/**
 * One database as the store and the manifest use it: a connection for reading, on this thread, and a queue for writing. Shared by
 * everyone who holds it, and closed by the last of them.
 */
export class AttachmentDatabase {
  /** For messages. */
  readonly path: string
  /** The handle that a host's synchronous calls run on: its own, or ours where it gave none. */
  readonly hostHandle: Database
  readonly busyTimeoutMs: number
  readonly #connection: Database
  readonly #owned: boolean
  /** The same for every way to name the file; undefined without one. */
  readonly #file: string | undefined
  readonly #reads: ReadQueue
  readonly #journalMode: Statement
  readonly #transaction: WriteTransaction
  #hostRefs: RefTable | undefined
  readonly #queue: WriteQueue
  #holders = 0
  #closed: Promise<void> | undefined

  /** @throws AttachmentInvalidArgumentError, AttachmentIoError, AttachmentSchemaError, AttachmentBackendError. */
  constructor(options: SqliteDatabaseOptions) {
    const { database } = options
    this.path = checkTarget(options.path, database)
    const busyTimeoutMs = checkTimeout(options.busyTimeoutMs)
    this.busyTimeoutMs = busyTimeoutMs
    // Nobody else can see an in-memory database: it has to be used through the one handle there is.
    const alone = database !== undefined && isPrivate(database)
    this.#owned = !alone
    try {
      this.#connection = alone ? database : this.#open(database?.readonly ?? false)
    } catch (error) {
      throw this.error(error)
    }
    try {
      // A link that led nowhere leads to a file by now, and the log is beside that.
      this.path = fileOf(this.#connection)
      prepareSchema(this.#connection, { owned: database === undefined, path: this.path, busyTimeoutMs })
      if (!isPrivate(this.#connection) && !this.#connection.readonly) syncSeenCommits(this.path)
      const tables = new Tables(this.#connection)
      this.#reads = new ReadQueue(this.#connection, tables, { path: this.path, busyTimeoutMs })
      this.#journalMode = prepare(this.#connection, 'PRAGMA journal_mode').pluck()
      this.hostHandle = database ?? this.#connection
      this.#file = isPrivate(this.#connection) ? undefined : this.path
      this.#transaction = new WriteTransaction(this.#connection, tables)
      this.#queue = new WriteQueue(new GroupWriter(this.#writerOptions(this.#transaction)))
    } catch (error) {
      if (this.#owned) this.#connection.close()
      throw this.error(error)
    }
  }

  #writerOptions(transaction: WriteTransaction): GroupWriterOptions {
    const { busyTimeoutMs } = this
    const isHandBusy = () => this.#connection.inTransaction
    const alone = { transaction, room: undefined, thread: undefined, busyTimeoutMs, isHandBusy }
    if (isPrivate(this.#connection)) return alone
    this.#connection.pragma(`busy_timeout = ${handTimeoutMs}`)
    const room = this.#connection.readonly ? undefined : new Room(this.#connection, this.path)
    return { ...alone, room, thread: new ThreadConnection(this.path) }
  }

  #open(readonly: boolean): Database {
    if (this.path !== ':memory:' && !existsSync(this.path)) makeFolder(this.path)
    return openConnection({ path: this.path, busyTimeoutMs: this.busyTimeoutMs, readonly })
  }

  /** Whether both are the same file, so that a transaction on one covers the other. */
  isSameAs(other: AttachmentDatabase): boolean {
    return this === other || (this.#file !== undefined && this.#file === other.#file)
  }

  /** Reads, on this thread, and in this turn unless reads have had enough of it. */
  read<T>(query: (tables: Tables) => T): Promise<T> {
    return this.#reads.submit(query)
  }

  /**
   * Makes sure that blobs just read are durable, for a put that need not write. In WAL mode they are: connections like ours, which write
   * them, show nothing before it is synced, and what dead processes left was synced when the file was opened.
   */
  confirmSeen(): void {
    try {
      if (this.#file !== undefined && this.#journalMode.get() !== 'wal') syncSeenCommits(this.path)
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
      return await this.#queue.submit(kind, request, options)
    } catch (error) {
      throw options?.signal?.aborted ? error : this.error(error)
    }
  }

  /** Runs in the host's transaction when its handle has one open, else in one of its own. Blocks while the file is locked. */
  writeRefsSync<T>(work: (refs: RefTable) => T): T {
    const handle = this.hostHandle
    try {
      this.#hostRefs ??= new RefTable(handle)
      const refs = this.#hostRefs
      if (handle.inTransaction) return work(refs)
      const ours = handle === this.#connection
      if (ours) handle.pragma(`busy_timeout = ${this.busyTimeoutMs}`)
      // It takes little room, and cannot wait until there is more.
      if (ours) this.#transaction.limit(anyPages)
      try {
        return handle.transaction(() => work(refs)).immediate()
      } finally {
        if (ours) handle.pragma(`busy_timeout = ${handTimeoutMs}`)
      }
    } catch (error) {
      throw this.error(error)
    }
  }

  error(error: unknown): AttachmentStoreError {
    return attachmentError(error, this.path, this.busyTimeoutMs)
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
      await this.#queue.close()
    } finally {
      if (this.#owned) this.#connection.close()
    }
  }
}

function isPrivate(database: Database): boolean {
  return database.memory
}
