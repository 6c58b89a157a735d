import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import pg from 'pg'
import type { PostgresDatabaseOptions } from '../options.ts'

/** How many users each pool of our own has. The last one that leaves ends it. */
const userCounts = new WeakMap<pg.Pool, number>()

/**
 * The pool of the options, or a new one of our own. Call {@link leavePool} once for each call.
 * @throws AttachmentInvalidArgumentError
 */
export function usePool(options: PostgresDatabaseOptions): pg.Pool {
  const pool = options.pool === undefined ? ownPool(options) : checkPool(options.pool)
  if ((pool.options as { pipeline?: boolean }).pipeline) {
    throw new AttachmentInvalidArgumentError(
      'the pool must not have `pipeline: true`: bytes come and go by COPY, which it cannot do',
    )
  }
  const users = userCounts.get(pool)
  if (users !== undefined) userCounts.set(pool, users + 1)
  return pool
}

/** Ends the pool when it is our own and nobody else uses it. A pool of the host stays open. */
export async function leavePool(pool: pg.Pool): Promise<void> {
  const users = userCounts.get(pool)
  if (users === undefined) return
  userCounts.set(pool, users - 1)
  if (users === 1) await pool.end()
}

/**
 * A new pool, which has no user yet: {@link usePool} takes it as `pool`.
 * @throws AttachmentInvalidArgumentError
 */
export function ownPool({ connectionString, poolConfig }: PostgresDatabaseOptions): pg.Pool {
  if (connectionString === undefined && poolConfig === undefined) {
    throw new AttachmentInvalidArgumentError('give a pool, a connectionString or a poolConfig')
  }
  // `pg` would connect to this machine.
  if (connectionString === '') throw new AttachmentInvalidArgumentError('the connectionString is empty')
  const config: pg.PoolConfig = {
    keepAlive: true,
    connectionTimeoutMillis: 30_000,
    ...poolConfig,
    ...(connectionString === undefined ? {} : { connectionString }),
  }
  checkConfig(config)
  const pool = new pg.Pool(config)
  // An idle connection that breaks is replaced at the next use. Without a listener, the event would end the process.
  pool.on('error', ignore)
  // The same for one that the server ends while it is handed out: the pool no longer listens, and we do not listen yet.
  pool.on('connect', client => client.on('error', ignore))
  userCounts.set(pool, 0)
  return pool
}

/** Has `pg` read the settings, without connecting. Its error would quote a bad URL, password and all. */
function checkConfig(config: pg.PoolConfig): void {
  try {
    new pg.Client(config)
  } catch {
    throw new AttachmentInvalidArgumentError(
      'the connectionString cannot be read; it must be postgres://user:password@host:port/database, ' +
        'with special characters percent-encoded',
    )
  }
}

function checkPool(given: unknown): pg.Pool {
  const pool = given as Partial<pg.Pool> | null
  if (typeof pool?.connect === 'function' && typeof pool.totalCount === 'number' && pool.options !== undefined) {
    return pool as pg.Pool
  }
  throw new AttachmentInvalidArgumentError('pool must be a pg.Pool, not a client, nor the pool of another library')
}

function ignore(): void {}
