import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import pg from 'pg'
import type { PostgresOptions } from '../options.ts'

/** @throws AttachmentInvalidArgumentError for anything but a pool of `pg`. */
export function checkPool(given: unknown): pg.Pool {
  const pool = given as Partial<pg.Pool> | null
  if (typeof pool?.connect === 'function' && typeof pool.totalCount === 'number' && pool.options !== undefined) {
    return pool as pg.Pool
  }
  throw new AttachmentInvalidArgumentError('pool must be a pg.Pool, not a client, nor the pool of another library')
}

/** A pool of our own, which nobody else sees. */
export function ownPool(options: PostgresOptions): pg.Pool {
  const { connectionString, poolConfig } = options
  if (connectionString === undefined && poolConfig === undefined) {
    throw new AttachmentInvalidArgumentError('give a pool, a connectionString or a poolConfig')
  }
  // `pg` would go to this machine.
  if (connectionString === '') throw new AttachmentInvalidArgumentError('the connectionString is empty')
  const config: pg.PoolConfig = {
    keepAlive: true,
    connectionTimeoutMillis: 30_000,
    ...poolConfig,
    ...(connectionString === undefined ? {} : { connectionString }),
  }
  try {
    // Reads the settings and connects nowhere. The error of a bad URL has the URL in it, password and all.
    new pg.Client(config)
  } catch {
    throw new AttachmentInvalidArgumentError(
      'the connectionString cannot be read; it must be postgres://user:password@host:port/database, with special characters percent-encoded',
    )
  }
  const pool = new pg.Pool(config)
  // An idle connection that breaks is replaced at the next use; without a listener it would end the process.
  pool.on('error', ignore)
  // So does one that the server ends in the moment in which it is handed out: the pool listens no more, and we do not yet.
  pool.on('connect', client => client.on('error', ignore))
  return pool
}

function ignore(): void {}
