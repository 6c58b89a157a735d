import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AttachmentInvalidArgumentError, AttachmentIoError } from '@lash/attachments-core'
import { checkSessionId } from '@lash/attachments-core/backend'
import { openSqliteAttachments, type SqliteAttachmentsOptions } from './attachments.ts'
import { syncFolder } from './folder.ts'
import { type SqliteGcPolicy, SqliteSession } from './session.ts'

export interface SqliteSessionFactoryOptions extends SqliteAttachmentsOptions {
  /** Default: collect only when asked to, with a grace period of one day. */
  gcPolicy?: SqliteGcPolicy | undefined
}

const oneDay = 24 * 60 * 60 * 1000
/** Most characters of a session id in the name of its file; the digest behind them tells sessions apart. */
const maxNameLength = 80

/**
 * One database per session: a session is deleted, moved or backed up as a file, and sessions do not wait for each other's
 * writes. Bytes that two sessions share are stored twice.
 */
export class SqliteSessionFactory {
  /** The absolute path of the folder that the databases are in. */
  readonly root: string
  readonly #options: SqliteAttachmentsOptions
  readonly #policy: SqliteGcPolicy
  readonly #open = new Set<SqliteSession>()

  /**
   * @param root made with the first session, when it is missing.
   * @throws AttachmentInvalidArgumentError
   */
  constructor(root: string, options: SqliteSessionFactoryOptions = {}) {
    const { gcPolicy = { gracePeriodMs: oneDay }, ...rest } = options
    if (typeof root !== 'string' || root === '' || root.includes('\0')) {
      throw new AttachmentInvalidArgumentError('root must be the path of a folder')
    }
    this.root = resolve(root)
    this.#options = rest
    this.#policy = checkPolicy(gcPolicy)
  }

  /** `<what is safe in a file name of the session id, at most 80 characters>-<16 hex digits of its SHA-256>.db`, in `root`. */
  pathFor(sessionId: string): string {
    const name = checkSessionId(sessionId)
      .slice(0, maxNameLength)
      .replace(/[^A-Za-z0-9._-]/g, '_')
    const digest = createHash('sha256').update(sessionId).digest('hex').slice(0, 16)
    return join(this.root, `${name}-${digest}.db`)
  }

  /**
   * Opens the session's database, and makes it when it is missing.
   * @throws as the constructor of SqliteAttachmentStore does.
   */
  async create(sessionId: string): Promise<SqliteSession> {
    const path = this.pathFor(sessionId)
    const attachments = openSqliteAttachments(path, this.#options)
    const session = new SqliteSession(path, sessionId, attachments, this.#policy, closed => this.#open.delete(closed))
    this.#open.add(session)
    return session
  }

  /** As {@link create} for a session that has a database, undefined for one that has none. */
  async openExisting(sessionId: string): Promise<SqliteSession | undefined> {
    return existsSync(this.pathFor(sessionId)) ? this.create(sessionId) : undefined
  }

  /**
   * Deletes the session with everything that it holds: its database, and the log and index files beside it. Sessions that this
   * factory has open are closed first; no other process may have it open. A session that is not there is fine.
   * @throws AttachmentIoError
   */
  async delete(sessionId: string): Promise<void> {
    const path = this.pathFor(sessionId)
    await Promise.all([...this.#open].filter(session => session.path === path).map(session => session.close()))
    if (!existsSync(this.root)) return
    try {
      // The database first: a log without one is discarded by SQLite, a database without its log would be an older state.
      for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) await rm(file, { force: true })
      syncFolder(this.root)
    } catch (cause) {
      throw new AttachmentIoError(path, `cannot delete ${path}: ${(cause as Error).message}; check the permissions`, {
        cause,
      })
    }
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
