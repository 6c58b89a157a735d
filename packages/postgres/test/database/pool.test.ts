import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import pg from 'pg'
import { expect, test } from 'vitest'
import { bytesOf, freshSchema, idOf, poolOf, text } from '../server.ts'

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

test('a pool that was given stays open, an own one is ended', async () => {
  const { pool, schema, url, admin } = await freshSchema()
  const given = new PostgresAttachmentStore({ pool, schema })
  await given.put(bytesOf('a'), text)
  await given.close()
  expect((await pool.query('SELECT 1')).rowCount).toBe(1)
  const name = `of ${schema}`
  const own = new PostgresAttachmentStore({ connectionString: url, schema, poolConfig: { application_name: name } })
  await own.get(idOf('a'))
  await own.close()
  for (;;) {
    const { rowCount } = await admin.query('SELECT FROM pg_stat_activity WHERE application_name = $1', [name])
    if (rowCount === 0) break
  }
})
