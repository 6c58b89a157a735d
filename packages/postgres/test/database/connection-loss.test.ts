import { AttachmentBackendError, contentId } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expectBytes } from '@lash/attachments-testing'
import { startPrivatePostgres } from '@lash/attachments-testing/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { everyCall } from '../calls.ts'
import {
  bytesOf,
  closing,
  failureOf,
  freshSchema,
  idOf,
  intentOf,
  poolOf,
  proxiedSchema,
  text,
  untilBlocked,
} from '../server.ts'

test('an upload that is cut leaves nothing, and the next call connects anew', async () => {
  const { proxy, connectionString, schema, admin } = await proxiedSchema()
  const store = closing(new PostgresAttachmentStore({ connectionString, schema }))
  await store.stat(idOf('a'))
  for (const [length, cut] of [
    [300_000, 100_000],
    [9_000_000, 5_000_000],
  ] as const) {
    const bytes = bytesOf('big', length)
    const restore = proxy.cutAfter(cut)
    const error = await failureOf(store.put(bytes, text))
    expect(error.message).toMatch(/the connection was lost|ECONNRESET|EPIPE/)
    restore()
    expect(await store.stat(contentId(bytes))).toBeUndefined()
    const { rows } = await admin.query(`SELECT count(*) FROM ${schema}.attachment_chunks`)
    expect(rows).toEqual([{ count: '0' }])
    await store.put(bytes, text)
    expectBytes((await store.get(contentId(bytes))).bytes, bytes)
    await store.delete(contentId(bytes))
  }
})

test('idle connections that break end neither the process nor the next call', async () => {
  const { proxy, connectionString, schema } = await proxiedSchema()
  const store = closing(new PostgresAttachmentStore({ connectionString, schema }))
  await Promise.all(Array.from({ length: 8 }, (_, index) => store.put(bytesOf(`of ${index}`), text)))
  while (proxy.connections > 0) {
    proxy.cut()
    await new Promise(resolve => setImmediate(resolve))
  }
  // An idle connection may be found broken only when it is used. Each costs one call at most.
  for (let connection = 0; connection < 8; connection++) {
    await store.get(idOf('of 1')).catch(error => expect(error).toBeInstanceOf(AttachmentBackendError))
  }
  expect((await store.get(idOf('of 1'))).bytes).toEqual(bytesOf('of 1'))
})

test('a commit cut anywhere on its way is done or not, says that it failed, and may be repeated', async () => {
  const { proxy, connectionString, schema, pool } = await proxiedSchema()
  const manifest = closing(new PostgresAttachmentManifest({ connectionString, schema }))
  const witness = closing(new PostgresAttachmentManifest({ pool, schema }))
  const names = Array.from({ length: 20 }, (_, index) => `of ${index}`)
  for (const name of names) await manifest.recordIntent(intentOf(name, 'session'))
  for (let cut = 1; cut < 4000; cut += 400) {
    const restore = proxy.cutAfter(cut)
    const outcome = await manifest.commitRefs('session', names.map(idOf)).then(
      () => 'committed',
      error => error,
    )
    restore()
    if (outcome !== 'committed') expect(outcome).toBeInstanceOf(AttachmentBackendError)
    const entries = await Promise.all(names.map(name => witness.lookup('session', idOf(name))))
    const committed = entries.filter(entry => entry?.committedAtEpochMs !== undefined).length
    expect([0, names.length]).toContain(committed)
    if (outcome === 'committed') expect(committed).toBe(names.length)
  }
  await manifest.commitRefs('session', names.map(idOf)).catch(() => manifest.commitRefs('session', names.map(idOf)))
})

test.each(['fast', 'immediate'] as const)(
  'a server restarted under load (%s) costs errors that say so, and nothing else',
  async how => {
    const server = await startPrivatePostgres()
    onTestFinished(() => server.stop())
    const store = closing(new PostgresAttachmentStore({ connectionString: server.url }))
    await store.put(bytesOf('before'), text)
    const stored: string[] = []
    let over = false
    const failures = new Set<string>()
    const writer = async (name: string) => {
      for (let round = 0; !over; round++) {
        const bytes = bytesOf(`${name} ${round}`, round % 5 === 4 ? 400_000 : 0)
        try {
          stored.push((await store.put(bytes, text)).id)
        } catch (error) {
          failures.add((await failureOf(Promise.reject(error))).message)
        }
      }
    }
    const writers = Promise.all(Array.from({ length: 4 }, (_, index) => writer(`writer ${index}`)))
    await server.restart(how)
    // The store works again by itself.
    for (;;) {
      const put = await store.put(bytesOf('after'), text).catch(() => undefined)
      if (put !== undefined) break
    }
    over = true
    await writers
    expect(failures.size).toBeGreaterThan(0)
    for (const message of failures) expect(message).toMatch(/repeat it|nobody listens|see the cause/)
    for (const id of stored) expect((await store.get(id)).meta.id).toBe(id)
  },
)

test('a call whose connection the server ends says so, and the next call works', async () => {
  const { url, schema, admin } = await freshSchema()
  const pool = poolOf(url)
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const calls = everyCall(store, manifest)
  await manifest.lookup('session', idOf('a'))
  const tables = ['generations', 'holds', 'blobs', 'chunks'].map(name => `${schema}.attachment_${name}`).join(', ')
  const locker = await admin.connect()
  onTestFinished(() => locker.release(true))
  for (const [name, call] of calls) {
    await locker.query(`BEGIN; LOCK TABLE ${tables} IN ACCESS EXCLUSIVE MODE`)
    const outcome = call().then(
      () => name,
      error => error,
    )
    await untilBlocked(admin, schema)
    await admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1`,
      [`%${schema}%`],
    )
    const error = await outcome
    expect(error, name).toBeInstanceOf(AttachmentBackendError)
    expect(error.message, name).toMatch(/57P01.*repeat it|connection was lost/)
    await locker.query('ROLLBACK')
    await call()
  }
})

test.each(['idle_in_transaction_session_timeout=1', 'idle_session_timeout=1', 'statement_timeout=1', 'lock_timeout=1'])(
  'with %s, calls are done or say what ended them',
  async setting => {
    const { url, schema, pool: plain, admin } = await freshSchema()
    await closing(new PostgresAttachmentStore({ pool: plain, schema })).stat(idOf('a'))
    const { rowCount } = await admin.query('SELECT FROM pg_settings WHERE name = $1', [setting.split('=')[0]])
    if (rowCount === 0) return
    const options = { connectionString: url, poolConfig: { options: `-c ${setting}` }, schema }
    const store = closing(new PostgresAttachmentStore(options))
    const manifest = closing(new PostgresAttachmentManifest(options))
    for (const [name, call] of everyCall(store, manifest)) {
      const error = await call().then(
        () => undefined,
        error => error,
      )
      if (error === undefined || ['not_found', 'intent_expired'].includes(error.code)) continue
      expect(error.code, name).toBe('backend')
      expect(error.message, name).not.toMatch(/see the cause/)
    }
    // No call left half of its effect.
    const reader = closing(new PostgresAttachmentStore({ pool: plain, schema }))
    for await (const { id } of reader.list()) expect((await reader.get(id)).meta.id).toBe(id)
  },
)
