import { readdir } from 'node:fs/promises'
import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import {
  openPostgresAttachments,
  PostgresAttachmentManifest,
  PostgresAttachmentStore,
} from '@lash/attachments-postgres'
import { newFolder } from '@lash/attachments-testing'
import { describe, expect, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, text } from './server.ts'

describe('a connection string, or an object of options', () => {
  test.each<[string, (url: string, schema: string) => PostgresAttachmentStore]>([
    ['options', (connectionString, schema) => new PostgresAttachmentStore({ connectionString, schema })],
    ['a string and options', (url, schema) => new PostgresAttachmentStore(url, { schema })],
    ['of both halves, options', (connectionString, schema) => openHalf({ connectionString, schema })],
    ['of both halves, a string and options', (url, schema) => openHalf(url, { schema })],
  ])('opens a store: %s', async (_form, open) => {
    const { url, schema, pool } = await freshSchema()
    const { id } = await closing(open(url, schema)).put(bytesOf('a'), text)
    const other = closing(new PostgresAttachmentStore({ pool, schema }))
    expect((await other.get(id)).bytes).toEqual(bytesOf('a'))
  })

  test.each<[string, (url: string, schema: string) => PostgresAttachmentManifest]>([
    ['options', (connectionString, schema) => new PostgresAttachmentManifest({ connectionString, schema })],
    ['a string and options', (url, schema) => new PostgresAttachmentManifest(url, { schema })],
  ])('opens a manifest: %s', async (_form, open) => {
    const { url, schema, pool } = await freshSchema()
    await closing(open(url, schema)).recordIntent(intentOf('a', 'session'))
    const other = closing(new PostgresAttachmentManifest({ pool, schema }))
    expect(await other.lookup('session', idOf('a'))).toBeDefined()
  })

  test.each([undefined, null, 7])('%s is refused', given => {
    for (const open of [
      () => new PostgresAttachmentStore(given as never),
      () => new PostgresAttachmentManifest(given as never),
      () => openPostgresAttachments(given as never),
    ]) {
      expect(open).toThrow(AttachmentInvalidArgumentError)
    }
  })
})

test('big streams wait in the folder that is given for them', async () => {
  const { pool, schema } = await freshSchema()
  const directory = newFolder()
  const store = closing(new PostgresAttachmentStore({ pool, schema, spool: { directory, memoryLimit: 1 } }))
  const content = await store.prepare(new Blob(['spooled']).stream())
  expect(await readdir(directory)).toHaveLength(1)
  const { id } = await store.put(content, text)
  await content[Symbol.asyncDispose]()
  expect(await readdir(directory)).toEqual([])
  expect((await store.get(id)).bytes).toEqual(bytesOf('spooled'))
})

function openHalf(...place: Parameters<typeof openPostgresAttachments>): PostgresAttachmentStore {
  const { store, manifest } = openPostgresAttachments(...place)
  closing(manifest)
  return store
}
