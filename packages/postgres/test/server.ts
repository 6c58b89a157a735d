import { randomBytes } from 'node:crypto'
import { AttachmentBackendError, type AttachmentIntent, contentId } from '@lash/attachments-core'
import { canonicalUri } from '@lash/attachments-core/backend'
import { FaultProxy, type FreshSchema, PostgresGround } from '@lash/attachments-testing/postgres'
import pg from 'pg'
import { afterAll, expect, onTestFinished } from 'vitest'

const ground = new PostgresGround()
afterAll(() => ground.cleanup())

export const text = { mediaType: 'text/plain' }
/** Later than every ref: a sweep without grace. */
export const noGrace: number = Number.MAX_SAFE_INTEGER

/** An empty schema for one test, and a pool of the role that owns it. */
export async function freshSchema(): Promise<FreshSchema & { pool: pg.Pool }> {
  const fresh = await ground.freshSchema()
  const pool = poolOf(fresh.url)
  onTestFinished(() => fresh.drop())
  return { ...fresh, pool }
}

/** An empty schema behind a proxy that can cut and stall connections. */
export async function proxiedSchema(): Promise<
  FreshSchema & { pool: pg.Pool; proxy: FaultProxy; connectionString: string }
> {
  const fresh = await freshSchema()
  const proxy = await FaultProxy.before(fresh.url)
  onTestFinished(() => proxy.close())
  return { ...fresh, proxy, connectionString: proxy.url(fresh.url) }
}

/** A pool that is ended after the test. */
export function poolOf(connectionString: string, config: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString, ...config })
  pool.on('error', () => {})
  onTestFinished(async () => {
    if (!pool.ending) await pool.end()
  })
  return pool
}

/** Closed after the test, even when it fails. */
export function closing<T extends { close(): Promise<void> }>(closable: T): T {
  onTestFinished(() => closable.close())
  return closable
}

export function bytesOf(name: string, length = 0): Uint8Array {
  const bytes = Buffer.alloc(Math.max(length, Buffer.byteLength(name)), 'x')
  bytes.write(name)
  return new Uint8Array(bytes)
}

export function idOf(name: string): string {
  return contentId(bytesOf(name))
}

export function intentOf(name: string, sessionId: string, holder = ''): AttachmentIntent {
  const attachmentId = idOf(name)
  return {
    attachmentId,
    sessionId,
    holder,
    canonicalUri: canonicalUri(attachmentId),
    byteLength: bytesOf(name).byteLength,
    intentAtEpochMs: Date.now(),
  }
}

/** What the promise rejects with, which must be an AttachmentBackendError. */
export async function failureOf(promise: Promise<unknown>): Promise<AttachmentBackendError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    error => error,
  )
  expect(error).toBeInstanceOf(AttachmentBackendError)
  return error
}

/**
 * The statements of the schema that wait, as soon as so many of them wait for what another transaction has locked. Two
 * that make a table grow also wait for each other, for a moment: that is nobody's lock.
 */
export async function untilBlocked(admin: pg.Pool, schema: string, count = 1): Promise<string[]> {
  for (;;) {
    const { rows } = await admin.query<{ query: string }>(
      `SELECT query FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND wait_event <> 'extend' AND query LIKE '%' || $1 || '%'`,
      [schema],
    )
    if (rows.length >= count) return rows.map(({ query }) => query)
  }
}

/** A name for a role or database that no other test has. */
export function freshName(): string {
  return `test_${randomBytes(8).toString('hex')}`
}
