import {
  AttachmentBackendError,
  AttachmentInvalidArgumentError,
  AttachmentSchemaError,
  contentId,
} from '@lash/attachments-core'
import { migrationSql, PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { FaultProxy } from '@lash/attachments-testing/postgres'
import { expect, test } from 'vitest'
import { bytesOf, closing, freshName, freshSchema, idOf, intentOf, noGrace, poolOf, text } from '../server.ts'

test('twenty that open at once, each with its own pool, find one schema', async () => {
  const { schema, url, admin } = await freshSchema()
  const stores = Array.from({ length: 20 }, () =>
    closing(new PostgresAttachmentStore({ connectionString: url, schema, poolConfig: { max: 1 } })),
  )
  await Promise.all(stores.map((store, index) => store.put(bytesOf(`of ${index}`), text)))
  const { rows } = await admin.query(`SELECT version FROM ${schema}.attachment_schema`)
  expect(rows).toEqual([{ version: 2 }])
})

test('a schema that is not there is created', async () => {
  const { url, admin } = await freshSchema()
  const user = new URL(url).username
  const schema = freshName()
  const { rows } = await admin.query('SELECT current_database() AS name')
  await admin.query(`GRANT CREATE ON DATABASE ${rows[0].name} TO ${user}`)
  try {
    const store = closing(new PostgresAttachmentStore({ connectionString: url, schema }))
    await store.put(bytesOf('a'), text)
    expect(await store.stat(idOf('a'))).toBeDefined()
  } finally {
    await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    await admin.query(`REVOKE CREATE ON DATABASE ${rows[0].name} FROM ${user}`)
  }
})

test('without the right to create the schema, the error says so, and the next call tries again', async () => {
  const { url, admin } = await freshSchema()
  const schema = freshName()
  const store = closing(new PostgresAttachmentStore({ connectionString: url, schema }))
  const error = await store.put(bytesOf('a'), text).catch(error => error)
  expect(error).toBeInstanceOf(AttachmentBackendError)
  expect(error.message).toMatch(/permission denied for database .*42501.*grant/)
  await admin.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${new URL(url).username}`)
  try {
    await store.put(bytesOf('a'), text)
  } finally {
    await admin.query(`DROP SCHEMA ${schema} CASCADE`)
  }
})

test('a migration that fails halfway through leaves nothing, and is tried again by the next call', async () => {
  const { schema, url, admin } = await freshSchema()
  const proxy = await FaultProxy.before(url)
  try {
    const store = closing(new PostgresAttachmentStore({ connectionString: proxy.url(url), schema }))
    const restore = proxy.cutAfter(2000)
    await expect(store.put(bytesOf('a'), text)).rejects.toBeInstanceOf(AttachmentBackendError)
    restore()
    const { rows } = await admin.query('SELECT count(*) FROM pg_tables WHERE schemaname = $1', [schema])
    expect(rows).toEqual([{ count: '0' }])
    await store.put(bytesOf('a'), text)
  } finally {
    await proxy.close()
  }
})

test('with migrate: false, a missing schema is refused with the way to make one', async () => {
  const { schema, pool } = await freshSchema()
  const store = closing(new PostgresAttachmentStore({ pool, schema, migrate: false }))
  const error = await store.put(bytesOf('a'), text).catch(error => error)
  expect(error).toBeInstanceOf(AttachmentSchemaError)
  expect(error.message).toContain(`migrationSql('${schema}')`)
})

test('what an administrator has migrated, a role with no more than the rights of the README uses', async () => {
  const { admin, url } = await freshSchema()
  const role = new URL(url).username
  const schema = freshName()
  await admin.query(`BEGIN; ${migrationSql(schema)} COMMIT`)
  try {
    await admin.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`)
    await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`)
    const pool = poolOf(url)
    const store = closing(new PostgresAttachmentStore({ pool, schema, migrate: false }))
    const manifest = closing(new PostgresAttachmentManifest({ pool, schema, migrate: false }))
    const big = bytesOf('big', 5_000_000)
    for (const bytes of [bytesOf('a'), bytesOf('b', 300_000), big]) await store.put(bytes, text)
    expect((await store.get(contentId(big))).bytes.byteLength).toBe(5_000_000)
    await store.delete(contentId(big))
    await manifest.recordIntent(intentOf('a', 'session'))
    await manifest.commitRefs('session', [idOf('a')])
    await manifest.releaseRefs('session')
    await manifest.settleClaims(await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10 }))
    await manifest.claimBlobs([{ id: idOf('a'), generation: 7 }])
    await manifest.forget(idOf('a'))
  } finally {
    await admin.query(`DROP SCHEMA ${schema} CASCADE`)
  }
})

test('a schema of a newer version is refused, also by what only checks', async () => {
  const { schema, pool, admin } = await freshSchema()
  await closing(new PostgresAttachmentStore({ pool, schema })).put(bytesOf('a'), text)
  await admin.query(`UPDATE ${schema}.attachment_schema SET version = 99`)
  for (const migrate of [true, false]) {
    const manifest = closing(new PostgresAttachmentManifest({ pool, schema, migrate }))
    const error = await manifest.lookup('session', idOf('a')).catch(error => error)
    expect(error).toBeInstanceOf(AttachmentSchemaError)
    expect(error.message).toMatch(/version 99.*knows 2.*newer/)
  }
})

test('tables of the same names that are not ours are refused and left alone', async () => {
  const { schema, pool, admin } = await freshSchema()
  await admin.query(`CREATE TABLE ${schema}.attachment_holds (mine text)`)
  await admin.query(`GRANT ALL ON ${schema}.attachment_holds TO PUBLIC`)
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const error = await store.put(bytesOf('a'), text).catch(error => error)
  expect(error).toBeInstanceOf(AttachmentSchemaError)
  expect(error.message).toContain('not ours')
  const { rows } = await admin.query('SELECT count(*) FROM pg_tables WHERE schemaname = $1', [schema])
  expect(rows).toEqual([{ count: '1' }])
})

test('names of schemas that would need quoting are refused', () => {
  for (const schema of ['', 'Upper', 'a-b', 'a"b', "a'b", '1a', 'pg_mine', 'a'.repeat(64), 'a.b', 5 as never]) {
    expect(() => new PostgresAttachmentStore({ connectionString: 'postgres://x', schema })).toThrow(
      AttachmentInvalidArgumentError,
    )
    expect(() => migrationSql(schema)).toThrow(AttachmentInvalidArgumentError)
  }
})

test('the SQL for administrators of a later version is what is missing', () => {
  expect(migrationSql('mine')).toMatch(/^CREATE SCHEMA IF NOT EXISTS "mine";\nCREATE TABLE "mine".attachment_schema/)
  expect(migrationSql('mine')).toContain(migrationSql('mine', 1))
  expect(migrationSql('mine', 1)).not.toContain('CREATE SCHEMA')
  expect(migrationSql('mine', 2)).toBe('')
  expect(() => migrationSql('mine', 3)).toThrow(AttachmentInvalidArgumentError)
})
