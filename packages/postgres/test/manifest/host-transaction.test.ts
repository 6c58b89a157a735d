import {
  AttachmentIntentExpiredError,
  AttachmentInvalidArgumentError,
  AttachmentSchemaError,
} from '@lash/attachments-core'
import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import pg, { type PoolClient } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { closing, freshName, freshSchema, idOf, intentOf, noGrace, poolOf, untilBlocked } from '../server.ts'

async function setUp() {
  const fresh = await freshSchema()
  const { pool, schema } = fresh
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  await manifest.recordIntent(intentOf('a', 'session'))
  return { ...fresh, manifest }
}

async function begin(pool: { connect(): Promise<PoolClient> }, how = 'BEGIN'): Promise<PoolClient> {
  const client = await pool.connect()
  client.on('error', () => {})
  onTestFinished(() => client.release(true))
  await client.query(how)
  return client
}

const isCommitted = async (manifest: PostgresAttachmentManifest, name: string, session = 'session') =>
  (await manifest.lookup(session, idOf(name)))?.committedAtEpochMs !== undefined

test('a commit in the transaction of the host is seen when that commits, and not before', async () => {
  const { manifest, pool } = await setUp()
  const client = await begin(pool)
  await manifest.commitRefs('session', [idOf('a')], { client })
  expect(await isCommitted(manifest, 'a')).toBe(false)
  await client.query('COMMIT')
  expect(await isCommitted(manifest, 'a')).toBe(true)
})

test('a commit in a transaction that is rolled back, or whose connection breaks, has never been', async () => {
  const { manifest, pool } = await setUp()
  const client = await begin(pool)
  await manifest.commitRefs('session', [idOf('a')], { client })
  await client.query('ROLLBACK')
  expect(await isCommitted(manifest, 'a')).toBe(false)
  const dying = await begin(pool)
  await manifest.commitRefs('session', [idOf('a')], { client: dying })
  const { rows } = await dying.query('SELECT pg_backend_pid() AS pid')
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
  await expect(dying.query('COMMIT')).rejects.toThrow()
  expect(await isCommitted(manifest, 'a')).toBe(false)
})

test('rolling back to a savepoint takes the commit back, and the rest of the transaction stays', async () => {
  const { manifest, pool } = await setUp()
  await manifest.recordIntent(intentOf('b', 'session'))
  const client = await begin(pool)
  await manifest.commitRefs('session', [idOf('b')], { client })
  await client.query('SAVEPOINT before')
  await manifest.commitRefs('session', [idOf('a')], { client })
  await client.query('ROLLBACK TO before')
  await client.query('COMMIT')
  expect(await isCommitted(manifest, 'a')).toBe(false)
  expect(await isCommitted(manifest, 'b')).toBe(true)
})

test('a refusal names every id, changes nothing, and leaves the transaction of the host usable', async () => {
  const { manifest, pool, schema } = await setUp()
  const client = await begin(pool)
  await client.query(`CREATE TABLE ${schema}.host (value integer)`)
  const ids = [idOf('never put'), idOf('a'), idOf('nor this')]
  const error = await manifest.commitRefs('session', ids, { client }).catch(error => error)
  expect(error).toBeInstanceOf(AttachmentIntentExpiredError)
  expect([...error.ids].sort()).toEqual([idOf('never put'), idOf('nor this')].sort())
  await client.query(`INSERT INTO ${schema}.host VALUES (1)`)
  await client.query('COMMIT')
  expect(await isCommitted(manifest, 'a')).toBe(false)
  expect((await pool.query(`SELECT FROM ${schema}.host`)).rowCount).toBe(1)
})

test('while the transaction of the host is open, a sweep passes its content over and does not wait', async () => {
  const { manifest, pool } = await setUp()
  await manifest.recordIntent(intentOf('orphan', 'session'))
  const client = await begin(pool)
  await manifest.commitRefs('session', [idOf('a')], { client })
  const claims = await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10 })
  expect(claims.map(claim => claim.attachmentId)).toEqual([idOf('orphan')])
  expect(await manifest.claimBlobs([{ id: idOf('a'), generation: 5 }])).toEqual([])
  await client.query('ROLLBACK')
  const later = await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10 })
  expect(later.map(claim => claim.attachmentId)).toEqual([idOf('a')])
})

test('while the transaction of the host is open, other sessions put, commit and release the same content', async () => {
  const { manifest, pool } = await setUp()
  const client = await begin(pool)
  await manifest.commitRefs('session', [idOf('a')], { client })
  expect(await manifest.recordIntent(intentOf('a', 'other'))).toBe(0)
  await manifest.commitRefs('other', [idOf('a')])
  await manifest.recordIntent(intentOf('a', 'third'))
  await manifest.releaseRefs('third')
  expect(await isCommitted(manifest, 'a', 'other')).toBe(true)
  await client.query('COMMIT')
  expect(await isCommitted(manifest, 'a')).toBe(true)
})

test('two transactions of hosts commit the same content at the same time', async () => {
  const { manifest, pool } = await setUp()
  await manifest.recordIntent(intentOf('a', 'other'))
  const [one, two] = [await begin(pool), await begin(pool)]
  await manifest.commitRefs('session', [idOf('a')], { client: one })
  await manifest.commitRefs('other', [idOf('a')], { client: two })
  await two.query('COMMIT')
  await one.query('ROLLBACK')
  expect([await isCommitted(manifest, 'a'), await isCommitted(manifest, 'a', 'other')]).toEqual([false, true])
})

test('forgetting content waits for the transaction of the host, and then forgets what it committed', async () => {
  const { manifest, pool, admin, schema } = await setUp()
  const client = await begin(pool)
  await manifest.commitRefs('session', [idOf('a')], { client })
  const forgetting = manifest.forget(idOf('a'))
  await untilBlocked(admin, schema)
  await client.query('COMMIT')
  await forgetting
  expect(await manifest.lookup('session', idOf('a'))).toBeUndefined()
})

test.each(['REPEATABLE READ', 'SERIALIZABLE'])(
  'in %s, refs put before the transaction are committed with it',
  async level => {
    const { manifest, pool } = await setUp()
    const client = await begin(pool, `BEGIN ISOLATION LEVEL ${level}`)
    await client.query('SELECT 1')
    await manifest.commitRefs('session', [idOf('a')], { client })
    await client.query('COMMIT')
    expect(await isCommitted(manifest, 'a')).toBe(true)
  },
)

test.each(['REPEATABLE READ', 'SERIALIZABLE'])(
  'in %s, a sweep since the first statement is never committed over',
  async level => {
    const { manifest, pool, schema } = await setUp()
    const client = await begin(pool, `BEGIN ISOLATION LEVEL ${level}`)
    // Takes the snapshot: the transaction sees the intent as it is now, whatever happens later.
    await client.query(`SELECT FROM ${schema}.attachment_holds`)
    await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 1 })
    // The error of `pg` itself, for the host's own retry.
    await expect(manifest.commitRefs('session', [idOf('a')], { client })).rejects.toMatchObject({ code: '40001' })
  },
)

test('the first call of a manifest may be a commit on the only connection of its pool', async () => {
  const { url, schema, manifest } = await setUp()
  const pool = poolOf(url, { max: 1 })
  const fresh = closing(new PostgresAttachmentManifest({ pool, schema }))
  const client = await begin(pool)
  await fresh.commitRefs('session', [idOf('a')], { client })
  await client.query('COMMIT')
  expect(await isCommitted(manifest, 'a')).toBe(true)
})

test('where there is no schema yet, a commit is refused and the transaction of the host stays usable', async () => {
  const { url } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const client = await begin(pool)
  const options = { pool, schema: freshName() }
  const migrating = closing(new PostgresAttachmentManifest(options))
  await expect(migrating.commitRefs('session', [idOf('a')], { client })).rejects.toMatchObject({ ids: [idOf('a')] })
  const checking = closing(new PostgresAttachmentManifest({ ...options, migrate: false }))
  const commit = checking.commitRefs('session', [idOf('a')], { client })
  await expect(commit).rejects.toBeInstanceOf(AttachmentSchemaError)
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
})

test('a commit right behind a BEGIN that is still on its way is part of the transaction', async () => {
  const { manifest, pool } = await setUp()
  const client = await pool.connect()
  onTestFinished(() => client.release(true))
  const beginning = client.query('BEGIN')
  await manifest.commitRefs('session', [idOf('a')], { client })
  await beginning
  expect(await isCommitted(manifest, 'a')).toBe(false)
  await client.query('COMMIT')
  expect(await isCommitted(manifest, 'a')).toBe(true)
})

test('a transaction that has failed, or whose connection is gone, says so', async () => {
  const { manifest, pool } = await setUp()
  const failed = await begin(pool)
  await failed.query('no sql').catch(() => {})
  const commit = manifest.commitRefs('session', [idOf('a')], { client: failed })
  await expect(commit).rejects.toThrow(/25P02.*roll it back/)
  const gone = await begin(pool)
  const { rows } = await gone.query('SELECT pg_backend_pid() AS pid')
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
  await expect(manifest.commitRefs('session', [idOf('a')], { client: gone })).rejects.toThrow(
    /57P01|the connection was lost/,
  )
})

test.each(['BEGIN', 'BEGIN; SELECT 1/0'])(
  'a client that is released in the middle of a transaction (%s) takes nothing of ours into it',
  async how => {
    const { url, schema, manifest: witness } = await setUp()
    const pool = poolOf(url, { max: 1 })
    const leak = async () => {
      const client = await pool.connect()
      await client.query(how).catch(() => {})
      client.release()
    }
    const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
    const commit = () => manifest.commitRefs('session', [idOf('a')])
    await leak()
    await expect(commit()).rejects.toThrow(/released with its transaction open.*COMMIT or ROLLBACK before each release/)
    await manifest.lookup('session', idOf('a'))
    await leak()
    await expect(commit()).rejects.toBeInstanceOf(AttachmentInvalidArgumentError)
    expect(await isCommitted(witness, 'a')).toBe(false)
    await commit()
    expect(await isCommitted(witness, 'a')).toBe(true)
  },
)

test('a client that is released before its COMMIT is done is waited for', async () => {
  const { url, schema } = await setUp()
  const pool = poolOf(url, { max: 1 })
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const client = await pool.connect()
  await client.query('BEGIN')
  const committing = client.query('COMMIT')
  client.release()
  await manifest.commitRefs('session', [idOf('a')])
  await committing
})

test('a clock that gives fractions is rounded down, and one that gives no number is refused', async () => {
  const { pool, schema } = await setUp()
  const at = (now: () => number) => closing(new PostgresAttachmentManifest({ pool, schema, now }))
  await at(() => 1234.5).commitRefs('session', [idOf('a')])
  expect((await at(Date.now).lookup('session', idOf('a')))?.committedAtEpochMs).toBe(1234)
  for (const time of [Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(at(() => time).releaseRefs('session')).rejects.toBeInstanceOf(AttachmentInvalidArgumentError)
  }
})

test('what is no client with an open transaction is refused before anything is sent', async () => {
  const { manifest, pool, url } = await setUp()
  const released = await pool.connect()
  await released.query('BEGIN')
  await released.query('COMMIT')
  released.release()
  const ended = new pg.Client({ connectionString: url })
  await ended.connect()
  await ended.end()
  // Like clients of postgres.js and of another library.
  const sql = Object.assign(() => {}, { unsafe: () => {}, begin: () => {} })
  const other = { query: () => Promise.resolve([[], []]), execute: () => {} }
  const never = new pg.Client({ connectionString: url })
  const without = await pool.connect()
  onTestFinished(() => without.release())
  for (const client of [pool, {}, null, 'client', sql, other, never, ended, released, without] as never[]) {
    const commit = manifest.commitRefs('session', [idOf('a')], { client })
    await expect(commit).rejects.toBeInstanceOf(AttachmentInvalidArgumentError)
  }
  expect(await isCommitted(manifest, 'a')).toBe(false)
})
