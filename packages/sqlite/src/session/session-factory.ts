import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AttachmentBackendError, AttachmentInvalidArgumentError, AttachmentIoError } from '@lash/attachments-core'
import { checkSessionId, makeFolder, placed, syncFolder } from '@lash/attachments-core/backend'
import Sqlite from 'better-sqlite3'
import { openSqliteAttachments, type SqliteAttachmentsOptions } from '../attachments.ts'
import { checkBusyTimeout } from '../database/options.ts'
import { retryWhileBusy } from '../database/retry-while-busy.ts'
import { attachmentError, codeOf, isBusy } from '../database/sqlite-error.ts'
import { withFolderLock } from './folder-lock.ts'
import { type SqliteGcPolicy, SqliteSession } from './session.ts'

export { type SqliteGcPolicy, SqliteSession } from './session.ts'

export interface SqliteSessionFactoryOptions extends Omit<SqliteAttachmentsOptions, 'path' | 'database'> {
  /** The folder that the databases are in. Made with the first session, when it is missing. */
  root?: string | undefined
  /** Default: collect only when asked to, with a grace period of one day. */
  gcPolicy?: SqliteGcPolicy | undefined
}

const oneDay = 24 * 60 * 60 * 1000
/** How many characters of a session id its file's name shows, at most; the digest after them tells sessions apart. */
const maxNameLength = 80

/**
 * One database for each session: a session is deleted, moved or backed up as a file, and no session waits for the
 * writes of another. Bytes that two sessions share are stored twice.
 */
export class SqliteSessionFactory {
  /** The absolute path of the folder that the databases are in. */
  readonly root: string
  readonly #options: Omit<SqliteSessionFactoryOptions, 'root'>
  readonly #policy: SqliteGcPolicy
  readonly #busyTimeoutMs: number
  readonly #open = new Set<SqliteSession>()
  /** By path: settles when the last call about it has ended. */
  readonly #turns = new Map<string, Promise<void>>()

  /**
   * @param target the options, or `root` for short.
   * @throws AttachmentInvalidArgumentError
   */
  constructor(target: string | SqliteSessionFactoryOptions, options?: SqliteSessionFactoryOptions) {
    const { root, gcPolicy = { gracePeriodMs: oneDay }, ...rest } = placed('root', target, options)
    if (typeof root !== 'string' || root === '' || root.includes('\0')) {
      throw new AttachmentInvalidArgumentError('root must be the path of a folder')
    }
    this.root = resolve(root)
    this.#options = rest
    this.#busyTimeoutMs = checkBusyTimeout(rest.busyTimeoutMs)
    this.#policy = checkPolicy(gcPolicy)
  }

  /**
   * In `root`: `<name>-<digest>.db`. The name is the first 80 characters of the session id, those that are not safe in
   * a file name replaced; the digest is 16 hex digits of the id's SHA-256.
   */
  pathFor(sessionId: string): string {
    const name = checkSessionId(sessionId)
      .slice(0, maxNameLength)
      .replace(/[^A-Za-z0-9._-]/g, '_')
    const digest = createHash('sha256').update(sessionId).digest('hex').slice(0, 16)
    return join(this.root, `${name}-${digest}.db`)
  }

  /**
   * Opens the session's database, and makes it when it is missing. Waits for this factory's `delete` of it.
   * @throws as the constructor of SqliteAttachmentStore does.
   */
  create(sessionId: string): Promise<SqliteSession> {
    return this.#inTurn(sessionId, path => {
      if (!existsSync(this.root)) makeFolder(path)
      return this.#locked(path, () => this.#openSession(path, sessionId))
    })
  }

  /** As {@link create} for a session that has a database, undefined for one that has none. */
  openExisting(sessionId: string): Promise<SqliteSession | undefined> {
    return this.#inTurn(sessionId, async path => {
      if (!existsSync(path)) return undefined
      return this.#locked(path, () => (existsSync(path) ? this.#openSession(path, sessionId) : undefined))
    })
  }

  #openSession(path: string, sessionId: string): SqliteSession {
    const attachments = openSqliteAttachments(path, this.#options)
    const session = new SqliteSession(path, sessionId, attachments, this.#policy, closed => this.#open.delete(closed))
    this.#open.add(session)
    return session
  }

  /**
   * Deletes the session with everything that it holds: its database, and the log and index files beside it. Closes it
   * first where this factory has it open. If another factory or process has it open, it is not deleted, so that nothing
   * is lost that is committed there. Does nothing for a session that is not there.
   * @throws AttachmentBackendError when somebody else has it open for `busyTimeoutMs`; AttachmentIoError
   */
  delete(sessionId: string): Promise<void> {
    return this.#inTurn(sessionId, async path => {
      await Promise.all([...this.#open].filter(session => session.path === path).map(session => session.close()))
      if (existsSync(this.root)) await this.#locked(path, () => this.#remove(path))
    })
  }

  /**
   * Nobody has the database open, and while the folder's lock is held, no factory opens it. So no connection is left
   * that would write to a file without a name.
   */
  async #remove(path: string): Promise<void> {
    if (existsSync(path)) await this.#untilNobodyHasOpen(path)
    try {
      // The database first: SQLite discards a log without one, but a database without its log would be an older state.
      for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) await rm(file, { force: true })
      syncFolder(this.root)
    } catch (cause) {
      throw new AttachmentIoError(path, `cannot delete ${path}: ${(cause as Error).message}; check the permissions`, {
        cause,
      })
    }
  }

  async #untilNobodyHasOpen(path: string): Promise<void> {
    try {
      await retryWhileBusy(this.#busyTimeoutMs, () => assertNobodyHasOpen(path))
    } catch (cause) {
      // Nobody can have a file open that is no database any more.
      if (['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(codeOf(cause))) return
      if (!isBusy(cause)) throw attachmentError(cause, path, this.#busyTimeoutMs)
      throw new AttachmentBackendError(
        `${path} is open in another process, or through another factory; close it there first, then delete it`,
        { cause },
      )
    }
  }

  /** Runs calls about one session one after the other, in their order. */
  #inTurn<T>(sessionId: string, work: (path: string) => Promise<T>): Promise<T> {
    let path: string
    try {
      path = this.pathFor(sessionId)
    } catch (error) {
      return Promise.reject(error)
    }
    const turn = (this.#turns.get(path) ?? Promise.resolve()).then(() => work(path))
    const ended = turn.then(
      () => {},
      () => {},
    )
    this.#turns.set(path, ended)
    void ended.then(() => {
      if (this.#turns.get(path) === ended) this.#turns.delete(path)
    })
    return turn
  }

  /** Nobody opens a database that somebody else is about to remove: either needs the folder's lock. */
  async #locked<T>(path: string, work: () => T | Promise<T>): Promise<T> {
    try {
      return await withFolderLock(this.root, this.#busyTimeoutMs, work)
    } catch (error) {
      throw attachmentError(error, path, this.#busyTimeoutMs)
    }
  }
}

/** @throws SQLITE_BUSY when any process has a connection: in WAL mode an open connection always holds a lock. */
function assertNobodyHasOpen(path: string): void {
  const database = new Sqlite(path, { timeout: 0 })
  try {
    database.pragma('locking_mode = EXCLUSIVE')
    database.exec('BEGIN EXCLUSIVE')
  } finally {
    database.close()
  }
}

function checkPolicy(policy: SqliteGcPolicy): SqliteGcPolicy {
  const { autoRunEveryCommits, gracePeriodMs } = policy
  if (!Number.isSafeInteger(gracePeriodMs) || gracePeriodMs < 0) {
    throw new AttachmentInvalidArgumentError('gracePeriodMs must be a whole number of milliseconds, 0 or more')
  }
  if (autoRunEveryCommits !== undefined && !(Number.isSafeInteger(autoRunEveryCommits) && autoRunEveryCommits > 0)) {
    throw new AttachmentInvalidArgumentError('autoRunEveryCommits must be a whole number, 1 or more')
  }
  return { autoRunEveryCommits, gracePeriodMs }
}
