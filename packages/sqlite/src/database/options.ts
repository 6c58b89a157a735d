import { existsSync, realpathSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import type { Database } from 'better-sqlite3'

export interface SqliteDatabaseOptions {
  /** The database file, made when missing, with its folder. Or `:memory:`. Either this or `database`. */
  path?: string | undefined
  /**
   * The host's own open better-sqlite3 handle. Our tables (`lash_attachment*`) live beside the host's; `close()` leaves
   * the handle open. We read and write through connections of our own to the same file, and through the handle only in
   * `commitRefsSync`. An in-memory database is used through the handle alone.
   */
  database?: Database | undefined
  /** How long to wait for another process's lock, in milliseconds. Default 5,000. The event loop goes on meanwhile. */
  busyTimeoutMs?: number | undefined
}

/** @throws AttachmentInvalidArgumentError */
export function checkBusyTimeout(milliseconds: number = 5000): number {
  if (Number.isInteger(milliseconds) && milliseconds >= 0 && milliseconds <= 2 ** 31 - 1) return milliseconds
  throw new AttachmentInvalidArgumentError('busyTimeoutMs must be a whole number of milliseconds from 0 to 2^31-1')
}

/** The file's absolute path, or `:memory:`. @throws AttachmentInvalidArgumentError */
export function checkPlace({ path, database }: SqliteDatabaseOptions): string {
  if ((path === undefined) === (database === undefined)) {
    throw new AttachmentInvalidArgumentError('give either { path } or { database }')
  }
  const place = database === undefined ? checkPath(path) : fileOf(checkHandle(database))
  // better-sqlite3 trims such names, and would open another file. Also where a link leads to such a name.
  if (place.trim() !== place) throw new AttachmentInvalidArgumentError(`${place} ends with white space; rename it`)
  return place
}

function checkPath(path: unknown): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new AttachmentInvalidArgumentError('path must be the path of a file, or :memory:')
  }
  if (path === ':memory:') return path
  if (path.startsWith('file:')) {
    throw new AttachmentInvalidArgumentError(`${path} is a URI; give the path of a file (fileURLToPath), or :memory:`)
  }
  if (path.endsWith('/') || path.endsWith(sep)) {
    throw new AttachmentInvalidArgumentError(`${path} ends with a separator, as a folder does; give the path of a file`)
  }
  return existsSync(path) ? realpathSync(path) : resolve(path)
}

/**
 * The file that a connection has open, as SQLite names it: whatever path it was opened by, and wherever the process has
 * moved since. Or `:memory:`.
 */
export function fileOf(database: Database): string {
  if (database.memory) return ':memory:'
  const [main] = database.pragma('database_list') as { file: string }[]
  return (main as { file: string }).file
}

function checkHandle(database: unknown): Database {
  const { open, prepare, pragma, transaction } = (database ?? {}) as Record<string, unknown>
  const isOne = typeof open === 'boolean' && [prepare, pragma, transaction].every(each => typeof each === 'function')
  if (!isOne) {
    throw new AttachmentInvalidArgumentError(
      `database must be an open handle of better-sqlite3, and is ${described(database)}; ` +
        'give one, or the file as { path }',
    )
  }
  if (!open) throw new AttachmentInvalidArgumentError('the database handle is closed; open it first')
  return database as Database
}

function described(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return `a ${typeof value}`
  const name = value.constructor?.name ?? 'object'
  if (name === 'DatabaseSync') return 'a DatabaseSync of node:sqlite'
  if (name === 'Database' && 'filename' in value) return 'a Database of bun:sqlite'
  return `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`
}
