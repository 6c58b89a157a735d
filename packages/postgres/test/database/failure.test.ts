import {
  AttachmentBackendError,
  AttachmentInvalidArgumentError,
  AttachmentManifestRecordError,
  contentId,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import {
  PostgresAttachmentManifest,
  PostgresAttachmentStore,
  type PostgresDatabaseOptions,
} from '@lash/attachments-postgres'
import { FaultProxy, startPrivatePostgres } from '@lash/attachments-testing/postgres'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, poolOf, text, untilBlocked } from '../database.ts'

async function failureOf(promise: Promise<unknown>): Promise<AttachmentBackendError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    error => error,
  )
  expect(error).toBeInstanceOf(AttachmentBackendError)
  return error
}

async function proxied() {
  const fresh = await freshSchema()
  const proxy = await FaultProxy.before(fresh.url)
  onTestFinished(() => proxy.close())
  return { ...fresh, proxy, connectionString: proxy.url(fresh.url) }
}

/** The URL with some part of it changed. */
function changed(url: string, change: (parts: URL) => void): string {
  const parts = new URL(url)
  change(parts)
  return parts.href
}

test('each way not to get in has a message that says what to do, and none has the password', async () => {
  const { url, schema } = await freshSchema()
  const cases: [PostgresDatabaseOptions, RegExp][] = [
    [
      { connectionString: changed(url, parts => (parts.password = 'wr0ng-one')) },
      /password authentication failed.*28P01.*check user and password/,
    ],
    [
      { connectionString: changed(url, parts => (parts.pathname = '/nowhere')) },
      /database "nowhere" does not exist.*3D000.*create the database/,
    ],
    [{ connectionString: changed(url, parts => (parts.port = '9')) }, /ECONNREFUSED.*check host and port/],
    [
      { connectionString: changed(url, parts => (parts.hostname = 'nowhere.invalid')) },
      /(ENOTFOUND|EAI_AGAIN) nowhere\.invalid.*name/,
    ],
  ]
  for (const [options, expected] of cases) {
    const store = closing(new PostgresAttachmentStore({ ...options, schema }))
    const manifest = closing(new PostgresAttachmentManifest({ ...options, schema }))
    for (const call of [() => store.put(bytesOf('a'), text), () => manifest.recordIntent(intentOf('a', 'session'))]) {
      const error = await failureOf(call())
      expect(error.message).toMatch(expected)
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toMatch(/wr0ng-one/)
      expect(error.message).not.toContain(new URL(url).password)
    }
  }
})

test('a connection string that cannot be read is refused at once, without repeating it', () => {
  for (const connectionString of ['postgres://user:s3cret@host:port/', 'postgres://user:s3cret#@host/x']) {
    const make = () => new PostgresAttachmentStore({ connectionString })
    expect(make).toThrow(AttachmentInvalidArgumentError)
    expect(make).not.toThrow(/s3cret/)
  }
  const pipelined = poolOf('postgres://localhost/x', { pipeline: true } as object)
  expect(() => new PostgresAttachmentStore({ pool: pipelined })).toThrow(AttachmentInvalidArgumentError)
  const notPools = [{}, null, 5, new pg.Client({ connectionString: 'postgres://localhost/x' }), () => {}] as never[]
  for (const pool of notPools) expect(() => new PostgresAttachmentStore({ pool })).toThrow(/pool must be a pg.Pool/)
  expect(() => new PostgresAttachmentStore({ connectionString: '' })).toThrow(/connectionString is empty/)
  expect(() => new PostgresAttachmentManifest({})).toThrow(/give a pool, a connectionString or a poolConfig/)
})

test('a server that is read-only says so to writers, and still serves readers', async () => {
  const { url, schema, pool } = await freshSchema()
  await closing(new PostgresAttachmentStore({ pool, schema })).put(bytesOf('a'), text)
  const options = { schema, pool: poolOf(url, { options: '-c default_transaction_read_only=on' }) }
  const store = closing(new PostgresAttachmentStore(options))
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
  expect((await failureOf(store.put(bytesOf('b'), text))).message).toMatch(/read-only.*25006.*connect to the primary/)
})

test('missing rights are named, and are no missing blob', async () => {
  const { pool, schema, deny } = await freshSchema()
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  await store.put(bytesOf('a'), text)
  const restore = await deny()
  const calls = [
    () => store.get(idOf('a')),
    () => store.stat(idOf('a')),
    () => store.put(bytesOf('b'), text),
    () => store.delete(idOf('a')),
  ]
  for (const call of calls) {
    expect((await failureOf(call())).message).toMatch(/permission denied for table.*42501.*grant/)
  }
  await restore()
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
})

test('a pool with no connection free in time says so, and works when there is one', async () => {
  const { url, schema } = await freshSchema()
  const pool = poolOf(url, { max: 1, connectionTimeoutMillis: 1000 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  await store.put(bytesOf('a'), text)
  const client = await pool.connect()
  expect((await failureOf(store.get(idOf('a')))).message).toMatch(/no connection of the pool came free/)
  client.release()
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
})

test('a statement that runs into its timeout says so and changes nothing', async () => {
  const { url, schema, pool: plain } = await freshSchema()
  const manifest = closing(new PostgresAttachmentManifest({ pool: poolOf(url, { statement_timeout: 100 }), schema }))
  await manifest.recordIntent(intentOf('a', 'session'))
  const rival = await plain.connect()
  onTestFinished(() => rival.release(true))
  await rival.query(`BEGIN; SELECT FROM ${schema}.attachment_contents FOR UPDATE`)
  expect((await failureOf(manifest.commitRefs('session', [idOf('a')]))).message).toMatch(
    /57014.*statement_timeout.*repeat/,
  )
  await rival.query('ROLLBACK')
  expect((await manifest.lookup('session', idOf('a')))?.committedAtEpochMs).toBeUndefined()
  await manifest.commitRefs('session', [idOf('a')])
})

test('an upload that is cut leaves nothing, and the next call connects anew', async () => {
  const { proxy, connectionString, schema, admin } = await proxied()
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
    expect((await store.get(contentId(bytes))).bytes).toEqual(bytes)
    await store.delete(contentId(bytes))
  }
})

test('idle connections that break end nothing: not the process, not the next call', async () => {
  const { proxy, connectionString, schema } = await proxied()
  const store = closing(new PostgresAttachmentStore({ connectionString, schema }))
  await Promise.all(Array.from({ length: 8 }, (_, index) => store.put(bytesOf(`of ${index}`), text)))
  while (proxy.connections > 0) {
    proxy.cut()
    await new Promise(resolve => setImmediate(resolve))
  }
  // What was idle is found broken at the latest when it is used: each costs one call at most.
  for (let connection = 0; connection < 8; connection++) {
    await store.get(idOf('of 1')).catch(error => expect(error).toBeInstanceOf(AttachmentBackendError))
  }
  expect((await store.get(idOf('of 1'))).bytes).toEqual(bytesOf('of 1'))
})

test('a commit cut anywhere on its way is done or is not, says that it failed, and may be repeated', async () => {
  const { proxy, connectionString, schema, pool } = await proxied()
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
    // Works again by itself.
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

test('a put that waits for another is aborted at once, and its connection does no harm afterwards', async () => {
  const { pool, schema, admin } = await freshSchema()
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  await store.stat(idOf('a'))
  const rival = await pool.connect()
  onTestFinished(() => rival.release(true))
  await rival.query('BEGIN')
  const head = `INSERT INTO ${schema}.attachment_blobs (id, generation, byte_length, media_type) VALUES ($1, 0, 1, 'text/plain')`
  await rival.query(head, [`\\x${idOf('a')}`])
  const abort = new AbortController()
  const putting = store.put(bytesOf('a'), text, { signal: abort.signal })
  await untilBlocked(admin, schema)
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(putting).rejects.toBe(reason)
  await rival.query('ROLLBACK')
  await Promise.all(Array.from({ length: 20 }, () => store.stat(idOf('a'))))
  expect(await store.stat(idOf('a'))).toBeUndefined()
})

test('a put behind a connection that has gone silent is aborted all the same', async () => {
  const { proxy, connectionString, schema } = await proxied()
  const store = closing(new PostgresAttachmentStore({ connectionString, schema }))
  await store.put(bytesOf('a'), text)
  const restore = proxy.stall()
  onTestFinished(restore)
  await expect(store.get(idOf('a'), { signal: AbortSignal.timeout(20) })).rejects.toThrow(/timeout/)
  restore()
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
})

test('whatever waits for a connection of the pool hears its signal, and what it waited for is given back', async () => {
  const { url, schema } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const big = bytesOf('big', 5_000_000)
  const { id } = await store.put(bytesOf('a'), text)
  await manifest.recordIntent(intentOf('a', 'session'))
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const calls: ((signal: AbortSignal) => Promise<unknown>)[] = [
    signal => store.put(new Blob([big]).stream(), text, { signal }),
    signal => store.put(big, text, { signal }),
    signal => store.put(bytesOf('b'), text, { signal }),
    signal => session.put(bytesOf('b'), text, { signal }),
    signal => store.get(id, { signal }),
    signal => store.stream(id, { signal }),
    signal => store.stat(id, { signal }),
    signal => store.delete(id, { signal }),
    signal => store.list({ signal }).next(),
    signal => manifest.commitRefs('session', [id], { signal }),
  ]
  const client = await pool.connect()
  for (const call of calls) {
    const abort = new AbortController()
    const waiting = pool.waitingCount
    const outcome = call(abort.signal).catch(error => error)
    while (pool.waitingCount === waiting) await new Promise(resolve => setImmediate(resolve))
    abort.abort(new Error('enough'))
    expect(await outcome).toBe(abort.signal.reason)
  }
  client.release()
  while (pool.waitingCount > 0 || pool.idleCount === 0) await new Promise(resolve => setImmediate(resolve))
  expect(pool.totalCount).toBe(1)
  expect((await store.get(id)).bytes).toEqual(bytesOf('a'))
  for (const absent of [contentId(big), idOf('b')]) expect(await store.stat(absent)).toBeUndefined()
})

/** Every call, on content that is there, and what a second one of it needs to be possible. */
function everyCall(store: PostgresAttachmentStore, manifest: PostgresAttachmentManifest) {
  const [small, medium, large] = [bytesOf('a'), bytesOf('medium', 300_000), bytesOf('large', 5_000_000)]
  const everything = { olderThanEpochMs: Number.MAX_SAFE_INTEGER, limit: 10 }
  const claim = { attachmentId: idOf('c'), generation: 0, token: 'none' }
  const calls: Record<string, () => Promise<unknown>> = {
    'put of a row': () => store.put(small, text),
    'put of chunks': () => store.put(medium, text),
    'put of a copy': () => store.put(large, text),
    'put through a session': () =>
      new SessionScopedAttachmentStore(store, manifest, 'other').put(small, text).catch(error => {
        expect(error).toBeInstanceOf(AttachmentManifestRecordError)
        throw error.cause
      }),
    'get of a row': () => store.get(idOf('a')),
    'get of chunks': () => store.get(contentId(medium)),
    stream: async () => (await store.stream(contentId(large))).body.cancel(),
    stat: () => store.stat(idOf('a')),
    list: () => store.list().next(),
    recordIntent: () => manifest.recordIntent(intentOf('a', 'session')),
    commitRefs: () => manifest.commitRefs('session', [idOf('a')]),
    lookup: () => manifest.lookup('session', idOf('a')),
    listRefs: () => manifest.listRefs('session').next(),
    listUncommitted: () => manifest.listUncommitted(Number.MAX_SAFE_INTEGER).next(),
    'release of one': () => manifest.releaseRefs('session', [idOf('a')]),
    'release of all': () => manifest.releaseRefs('session'),
    claimOrphans: () => manifest.claimOrphans(everything),
    claimBlobs: () => manifest.claimBlobs([{ id: idOf('b'), generation: 0 }]),
    settleClaims: () => manifest.settleClaims([claim]),
    forget: () => manifest.forget(idOf('b')),
    delete: () => store.delete(idOf('a')),
  }
  return Object.entries(calls)
}

test('a connection that the server ends during a call costs that call an error that says so, and the next works', async () => {
  const { url, schema, admin } = await freshSchema()
  const pool = poolOf(url)
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const calls = everyCall(store, manifest)
  await manifest.lookup('session', idOf('a'))
  const tables = ['contents', 'refs', 'blobs', 'chunks'].map(name => `${schema}.attachment_${name}`).join(', ')
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

test.each([
  ['53100', /53100.*disk of the server is full.*nothing was changed/],
  ['53200', /53200.*out of memory/],
  ['53400', /53400.*limit of the server/],
  ['58030', /58030.*look at its disk/],
  ['25006', /25006.*connect to the primary/],
  ['55P03', /55P03.*lock_timeout/],
  ['XX001', /XX001.*restore/],
])(
  'an error %s of the server comes out of every call that writes with what to do, and nothing is left',
  async (code, expected) => {
    const { pool, schema, admin } = await freshSchema()
    const store = closing(new PostgresAttachmentStore({ pool, schema }))
    const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
    await manifest.recordIntent(intentOf('a', 'session'))
    await admin.query(`
    CREATE FUNCTION ${schema}.fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'it failed' USING ERRCODE = '${code}'; END $$`)
    for (const table of ['contents', 'refs', 'blobs']) {
      const name = `${schema}.attachment_${table}`
      await admin.query(`CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON ${name} EXECUTE FUNCTION ${schema}.fail()`)
    }
    const writing = new Set([
      'recordIntent',
      'commitRefs',
      'release of one',
      'release of all',
      'claimOrphans',
      'claimBlobs',
    ])
    for (const [name, call] of everyCall(store, manifest)) {
      if (name.startsWith('put') || writing.has(name)) expect((await failureOf(call())).message, name).toMatch(expected)
    }
    expect((await store.list().next()).done).toBe(true)
  },
)

test('a role with no connection left is told to make its pools smaller', async () => {
  const { url, schema, admin } = await freshSchema()
  const role = new URL(url).username
  await admin.query(`ALTER ROLE ${role} CONNECTION LIMIT 0`)
  onTestFinished(async () => void (await admin.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`)))
  const store = closing(new PostgresAttachmentStore({ connectionString: url, schema }))
  expect((await failureOf(store.get(idOf('a')))).message).toMatch(/53300.*make the pools smaller/)
})

test('statements that somebody has taken from a connection are prepared again', async () => {
  const { url, schema } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const round = async (name: string) => {
    await store.put(bytesOf(name), text)
    expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
    await manifest.recordIntent(intentOf(name, 'session'))
    await manifest.commitRefs('session', [idOf(name)])
    await manifest.releaseRefs('session')
    await manifest.claimOrphans({ olderThanEpochMs: 0, limit: 10 })
  }
  for (const name of ['a', 'b', 'c']) {
    await round(name)
    await pool.query('DISCARD ALL')
  }
  // In a transaction of the host the statement cannot be repeated, but the transaction can.
  await manifest.recordIntent(intentOf('a', 'session'))
  const commit = async () => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await manifest.commitRefs('session', [idOf('a')], { client })
      await client.query('COMMIT')
    } finally {
      await client.query('ROLLBACK')
      client.release()
    }
  }
  await expect(commit()).rejects.toThrow(/26000.*repeat it/)
  await commit()
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
      // A session says that its put recorded nothing, with the same as its cause.
      expect(['backend', 'manifest_record'], name).toContain(error.code)
      expect(error.message, name).not.toMatch(/see the cause/)
    }
    // Nothing of it is half there.
    const reader = closing(new PostgresAttachmentStore({ pool: plain, schema }))
    for await (const { id } of reader.list()) expect((await reader.get(id)).meta.id).toBe(id)
  },
)
