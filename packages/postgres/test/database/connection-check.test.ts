import {
  AttachmentInvalidArgumentError,
  AttachmentSchemaError,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expectBytes } from '@lash/attachments-testing'
import { postgresUrl } from '@lash/attachments-testing/postgres'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { label, wholeLife } from '../calls.ts'
import { bytesOf, closing, freshName, freshSchema, idOf, intentOf, noGrace, poolOf, text } from '../server.ts'

async function freshDatabase(encoding: string): Promise<string> {
  const name = freshName()
  const admin = new pg.Client({ connectionString: postgresUrl() })
  await admin.connect()
  const { rows } = await admin.query<{ version: string }>(`SELECT current_setting('server_version_num') AS version`)
  const provider = Number(rows[0]?.version) < 150_000 ? '' : 'LOCALE_PROVIDER libc'
  await admin.query(
    `CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ${provider}`,
  )
  onTestFinished(async () => {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.end()
  })
  const url = new URL(postgresUrl())
  url.pathname = `/${name}`
  return url.href
}

test.each(['LATIN1', 'EUC_JP', 'SQL_ASCII'])(
  'a database in %s is refused by name, at the first use and in the transaction of a host, and nothing is made in it',
  async encoding => {
    const pool = poolOf(await freshDatabase(encoding))
    const store = closing(new PostgresAttachmentStore({ pool }))
    const manifest = closing(new PostgresAttachmentManifest({ pool, migrate: false }))
    const client = await pool.connect()
    onTestFinished(() => client.release())
    await client.query('BEGIN')
    const calls = [
      () => store.put(bytesOf('a'), { ...text, label }),
      () => store.put(bytesOf('a'), text),
      () => manifest.commitRefs('session', [idOf('a')], { client }),
    ]
    for (const call of calls) {
      const error = await call().catch(error => error)
      expect(error).toBeInstanceOf(AttachmentSchemaError)
      expect(error.message).toMatch(`encoding ${encoding}`)
      expect(error.message).toMatch(/use a database with ENCODING 'UTF8'/)
    }
    expect((await client.query(`SELECT FROM pg_namespace WHERE nspname LIKE 'lash%'`)).rowCount).toBe(0)
  },
)

test.each([
  [`SET client_encoding = 'LATIN1'`, /client_encoding of the connection is LATIN1.*RESET client_encoding/],
  ['SET array_nulls = off', /array_nulls/],
])('connections on which somebody has said %s are refused, and what is stored stays right', async (sql, message) => {
  const { schema, pool, url } = await freshSchema()
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const meta = { ...text, label }
  const { id } = await store.put(bytesOf('a'), meta)
  await manifest.recordIntent({ ...intentOf('a', 'sëssion'), meta })

  const changed = poolOf(url)
  changed.on('connect', client => void client.query(sql))
  const misled = closing(new PostgresAttachmentStore({ pool: changed, schema }))
  const client = await changed.connect()
  onTestFinished(() => client.release())
  await client.query('BEGIN')
  const calls = [
    () => misled.put(bytesOf('b'), meta),
    () => misled.get(id),
    () => manifest.commitRefs('sëssion', [id], { client }),
  ]
  for (const call of calls) {
    const error = await call().catch(error => error)
    expect(error).toBeInstanceOf(AttachmentInvalidArgumentError)
    expect(error.message).toMatch(message)
  }
  expect(await store.stat(idOf('b'))).toBeUndefined()
  await manifest.commitRefs('sëssion', [id])
  expect((await store.get(id)).meta.label).toBe(label)
})

test('an encoding that is changed on a connection in use is refused until it is changed back', async () => {
  const { schema, url } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  await store.put(bytesOf('a'), { ...text, label })
  await pool.query(`SET client_encoding = 'LATIN1'`)
  for (const call of [() => store.get(idOf('a')), () => store.put(bytesOf('b'), { ...text, label })]) {
    await expect(call()).rejects.toBeInstanceOf(AttachmentInvalidArgumentError)
  }
  await pool.query('RESET client_encoding')
  expect((await store.get(idOf('a'))).meta.label).toBe(label)
})

test('settings of new connections by environment or options do not change text', async () => {
  const { schema, url } = await freshSchema()
  process.env.PGCLIENTENCODING = 'LATIN1'
  onTestFinished(() => void delete process.env.PGCLIENTENCODING)
  const config = { client_encoding: 'LATIN1', options: '-c client_encoding=LATIN1' }
  const store = closing(new PostgresAttachmentStore({ pool: poolOf(url, config as pg.PoolConfig), schema }))
  await store.put(bytesOf('a'), { ...text, label })
  const plain = closing(new PostgresAttachmentStore({ pool: poolOf(url), schema }))
  expect((await plain.get(idOf('a'))).meta.label).toBe(label)
})

test('whatever the connections are set to, bytes and metadata come back as they were', async () => {
  const { schema, url } = await freshSchema()
  const settings = '-c bytea_output=escape -c standard_conforming_strings=off'
  const pool = poolOf(url, { options: settings, query_timeout: 20_000 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const session = new SessionScopedAttachmentStore(store, manifest, '{"NULL", \\}')
  const meta = { mediaType: 'text/plain', width: 1, height: 2, label: `'"{},\\ \u{1f600} NULL` }
  const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  for (const size of [256, 16 * 1024, 32 * 1024, 64 * 1024, 512 * 1024]) {
    const bytes = new Uint8Array(Buffer.alloc(size, all))
    const { id } = await session.put(bytes, meta)
    expect(await session.get(id)).toEqual({ meta: { ...meta, id, byteLength: size }, bytes })
    expectBytes((await store.get(id)).bytes, bytes)
  }
  expect(await session.commit()).toHaveLength(5)
})

/** A schema with functions that have the names of the server's own, and lie. */
async function lyingFunctions(admin: pg.Pool): Promise<string> {
  const name = freshName()
  const lies = [
    ['encode(bytea, text)', 'text', `'00'`],
    ['decode(text, text)', 'bytea', `'\\x00'::bytea`],
    ['octet_length(bytea)', 'integer', '7'],
    ['floor(numeric)', 'numeric', '7::numeric'],
    ['now()', 'timestamptz', `'epoch'::timestamptz`],
    ['gen_random_uuid()', 'uuid', `'00000000-0000-0000-0000-000000000000'::uuid`],
    ['hashtextextended(text, bigint)', 'bigint', '7::bigint'],
    ['substring(bytea, integer, integer)', 'bytea', `'\\x00'::bytea`],
    ['unnest(bytea[])', 'SETOF bytea', `'\\x00'::bytea`],
    ['unnest(text[])', 'SETOF text', `'lie'`],
    ['unnest(bigint[])', 'SETOF bigint', '7::bigint'],
    ['generate_series(integer, integer)', 'SETOF integer', '7'],
  ]
  await admin.query(`CREATE SCHEMA ${name}; GRANT USAGE ON SCHEMA ${name} TO PUBLIC`)
  onTestFinished(async () => void (await admin.query(`DROP SCHEMA ${name} CASCADE`)))
  for (const [head, type, lie] of lies) {
    await admin.query(`CREATE FUNCTION ${name}.${head} RETURNS ${type} LANGUAGE sql AS $$ SELECT ${lie} $$`)
  }
  return name
}

test('functions that a host puts before those of the server are never called', async () => {
  const { schema, url, admin } = await freshSchema()
  const name = await lyingFunctions(admin)
  for (const path of [name, `${name},pg_catalog`]) {
    await wholeLife(poolOf(url, { options: `-c search_path=${path}` }), schema)
  }
})

test.each([
  [
    'an operator',
    (name: string) => `
    CREATE FUNCTION ${name}.never(bytea, bytea) RETURNS boolean LANGUAGE sql AS 'SELECT false';
    CREATE OPERATOR ${name}.= (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = ${name}.never)`,
  ],
  ['a type', (name: string) => `CREATE DOMAIN ${name}.bytea AS integer`],
])('%s that a host puts before that of the server is refused, also on the client of the host', async (what, sql) => {
  const { schema, url, admin, pool } = await freshSchema()
  const name = freshName()
  await admin.query(`CREATE SCHEMA ${name}; GRANT USAGE ON SCHEMA ${name} TO PUBLIC; ${sql(name)}`)
  onTestFinished(async () => void (await admin.query(`DROP SCHEMA ${name} CASCADE`)))
  const misled = poolOf(url, { options: `-c search_path=${name},pg_catalog` })
  const manifest = closing(new PostgresAttachmentManifest({ pool: misled, schema }))
  const clean = closing(new PostgresAttachmentManifest({ pool, schema }))
  await clean.recordIntent(intentOf('a', 'session'))
  const client = await misled.connect()
  onTestFinished(() => client.release())
  await client.query('BEGIN')
  const calls = [
    () => manifest.claimBlobs([{ id: idOf('a'), generation: 0 }]),
    () => clean.commitRefs('session', [idOf('a')], { client }),
  ]
  for (const call of calls) {
    const error = await call().catch(error => error)
    expect(error).toBeInstanceOf(AttachmentInvalidArgumentError)
    expect(error.message).toMatch(
      new RegExp(`search_path.*another ${what.slice(2).trim()} (=|bytea).*pg_catalog first`),
    )
  }
  // After those of the server it does no harm.
  await manifest.close()
  await clean.forget(idOf('a'))
  await wholeLife(poolOf(url, { options: `-c search_path=${name}` }), schema)
})

test('row level security that binds the role is refused: a sweep must see all refs', async () => {
  const { schema, url, admin, pool } = await freshSchema()
  await wholeLife(pool, schema)
  await admin.query(`ALTER TABLE ${schema}.attachment_holds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
  await admin.query(`CREATE POLICY own ON ${schema}.attachment_holds USING (session_id = 'session')`)
  const bound = poolOf(url)
  const manifest = closing(new PostgresAttachmentManifest({ pool: bound, schema }))
  const client = await bound.connect()
  onTestFinished(() => client.release())
  await client.query('BEGIN')
  const calls = [
    () => manifest.commitRefs('session', [idOf('a')], { client }),
    () => manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10 }),
  ]
  for (const call of calls) {
    const error = await call().catch(error => error)
    expect(error).toBeInstanceOf(AttachmentSchemaError)
    expect(error.message).toMatch(/row level security.*attachment_holds.*BYPASSRLS/)
  }
  await wholeLife(poolOf(postgresUrl()), schema)
})
