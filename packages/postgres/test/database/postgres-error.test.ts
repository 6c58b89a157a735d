import {
  PostgresAttachmentManifest,
  PostgresAttachmentStore,
  type PostgresDatabaseOptions,
} from '@lash/attachments-postgres'
import { expect, onTestFinished, test } from 'vitest'
import { everyCall } from '../calls.ts'
import { bytesOf, closing, failureOf, freshSchema, idOf, intentOf, poolOf, text } from '../server.ts'

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
  const pool = poolOf(url, { max: 1 })
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  await manifest.recordIntent(intentOf('a', 'session'))
  const rival = await plain.connect()
  onTestFinished(() => rival.release(true))
  await rival.query(`BEGIN; SELECT FROM ${schema}.attachment_generations FOR UPDATE`)
  // Of the statement that waits alone: a busy server may take as long for another.
  await pool.query('SET statement_timeout = 100')
  expect((await failureOf(manifest.commitRefs('session', [idOf('a')]))).message).toMatch(
    /57014.*statement_timeout.*repeat/,
  )
  await pool.query('RESET statement_timeout')
  await rival.query('ROLLBACK')
  expect((await manifest.lookup('session', idOf('a')))?.committedAtEpochMs).toBeUndefined()
  await manifest.commitRefs('session', [idOf('a')])
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
    for (const table of ['generations', 'holds', 'blobs']) {
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
