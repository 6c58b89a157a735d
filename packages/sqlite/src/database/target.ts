import { existsSync, realpathSync } from 'node:fs'
import { resolve, sep } from 'node:path'
import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import type { Database } from 'better-sqlite3'

/** The file's absolute path, or `:memory:`. @throws AttachmentInvalidArgumentError */
export function checkTarget(path: unknown, database: unknown): string {
  if ((path === undefined) === (database === undefined)) {
    throw new AttachmentInvalidArgumentError('give either { path } or { database }')
  }
  const target = database === undefined ? checkPath(path) : fileOf(checkHandle(database))
  // better-sqlite3 takes white space off the end of a name, and would open another file. A link, too, may lead to such a name.
  if (target.trim() !== target) throw new AttachmentInvalidArgumentError(`${target} ends with white space; rename it`)
  return target
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

/** The file that a connection has open, as SQLite names it: whatever the name was, and the working directory since; or `:memory:`. */
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
      `database must be an open handle of better-sqlite3, and is ${described(database)}; give one, or the file as { path }`,
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
