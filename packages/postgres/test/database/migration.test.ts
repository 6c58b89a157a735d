import { readFile } from 'node:fs/promises'
import {
  type AttachmentManifestEntry,
  AttachmentSchemaError,
  contentId,
  reclaimOrphanedAttachments,
} from '@lash/attachments-core'
import { migrationSql, openPostgresAttachments, PostgresAttachmentManifest } from '@lash/attachments-postgres'
import type pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, noGrace, untilBlocked } from '../server.ts'

/** What the code of version 1 listed of the schema that it has written. */
const listedBefore: Omit<AttachmentManifestEntry, 'holder'>[] = JSON.parse(await fixture('refs.json'))
const sessions = [...new Set(listedBefore.map(({ sessionId }) => sessionId))]
/** Content of which version 1 had only the intent. */
const withoutBytes = ['no bytes', 'no metadata'].map(idOf)

function fixture(name: string): Promise<string> {
  return readFile(new URL(`version-1/${name}`, import.meta.url), 'utf8')
}

/** A schema as version 1 left it. */
async function versionOne() {
  const fresh = await freshSchema()
  const sql = (await fixture('schema.sql')).replaceAll('"version_1"', `"${fresh.schema}"`)
  await fresh.pool.query(`BEGIN; ${sql} COMMIT`)
  return fresh
}

async function migrated() {
  const fresh = await versionOne()
  return { ...fresh, ...closing(openPostgresAttachments({ pool: fresh.pool, schema: fresh.schema })) }
}

async function listAll(manifest: PostgresAttachmentManifest): Promise<AttachmentManifestEntry[]> {
  return (await Promise.all(sessions.map(id => Array.fromAsync(manifest.listRefs(id))))).flat()
}

function sorted<T extends { sessionId: string; attachmentId: string }>(entries: readonly T[]): T[] {
  const keyOf = ({ sessionId, attachmentId }: T) => `${sessionId} ${attachmentId}`
  return [...entries].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** What the catalog says about the tables of a schema. */
async function catalogOf(pool: pg.Pool, schema: string): Promise<unknown> {
  const queries = [
    `SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default
      FROM information_schema.columns WHERE table_schema = $1 ORDER BY table_name, column_name`,
    `SELECT indexname, replace(indexdef, $1, '') AS def FROM pg_indexes WHERE schemaname = $1 ORDER BY indexname`,
    `SELECT conrelid::regclass::text, conname, replace(pg_get_constraintdef(oid), $1, '') AS def
      FROM pg_constraint WHERE connamespace = $1::text::regnamespace AND contype <> 'n' ORDER BY conname`,
  ]
  const results = await Promise.all(queries.map(text => pool.query(text, [schema])))
  return JSON.parse(JSON.stringify(results.map(({ rows }) => rows)).replaceAll(schema, 'schema'))
}

test('every ref of version 1 is there, belongs to the holder without a name, and knows its length', async () => {
  const { manifest, store } = await migrated()
  const lengths = new Map<string, number>()
  for await (const { id, byteLength } of store.list()) lengths.set(id, byteLength)
  const expected = listedBefore.map(entry => {
    const byteLength = lengths.get(entry.attachmentId)
    return { ...entry, holder: '', ...(byteLength === undefined ? {} : { byteLength }) }
  })
  const listed = await listAll(manifest)
  expect(sorted(listed)).toEqual(sorted(expected))
  const unmeasured = listed.filter(({ byteLength }) => byteLength === undefined)
  expect(unmeasured.map(({ attachmentId }) => attachmentId).sort()).toEqual([...withoutBytes].sort())
  for (const entry of expected) {
    expect(await manifest.lookup(entry.sessionId, entry.attachmentId)).toEqual(entry)
    expect(await manifest.lookup(entry.sessionId, entry.attachmentId, { holder: '' })).toEqual(entry)
    expect(await manifest.lookup(entry.sessionId, entry.attachmentId, { holder: 'other' })).toBeUndefined()
  }
})

test('all bytes of version 1 are there', async () => {
  const { store } = await migrated()
  const listed = await Array.fromAsync(store.list())
  expect(listed).toHaveLength(14)
  for (const { id, generation, byteLength } of listed) {
    const { bytes } = await store.get(id, { generation })
    expect(contentId(bytes)).toBe(id)
    expect(bytes.byteLength).toBe(byteLength)
  }
  expect((await store.get(contentId(bytesOf('big', 300_000)))).bytes).toEqual(bytesOf('big', 300_000))
})

test('what version 1 recorded is committed, refused, renewed and released as there', async () => {
  const { manifest } = await migrated()
  const commit = (name: string, generation: number, sessionId = 'session 1') =>
    manifest.commitRefs(sessionId, [{ id: idOf(name), generation } as never])
  const refused = { code: 'intent_expired' }
  await commit('draft', 0)
  await commit('moved', 2)
  await commit('behind', 1, 'session 2')
  await expect(commit('moved', 1)).rejects.toMatchObject(refused)
  for (const name of ['released', 'claimed', 'swept', 'stray'])
    await expect(commit(name, 0)).rejects.toMatchObject(refused)
  await expect(commit('draft', 0, 'session 2')).rejects.toMatchObject(refused)

  // The claimed and the swept content move on, all other content stays where it is.
  const generations = { claimed: 1, swept: 1, moved: 2, shared: 0, released: 0, 'no bytes': 0, 'never seen': 0 }
  for (const [name, generation] of Object.entries(generations)) {
    expect(await manifest.recordIntent(intentOf(name, 'session 1')), name).toBe(generation)
  }
  expect(await manifest.lookup('session 1', idOf('shared'))).toMatchObject({
    byteLength: 6,
    committedAtEpochMs: 1_750_000_004_000,
    meta: { mediaType: 'image/png', width: 640, height: 480 },
  })
  expect((await manifest.lookup('session 1', idOf('no bytes')))?.byteLength).toBe(8)
  await manifest.releaseRefs('session 1')
  for await (const { releasedAtEpochMs } of manifest.listRefs('session 1')) expect(releasedAtEpochMs).toBeDefined()
})

test('a sweep takes what nobody has committed in version 1, and leaves all else', async () => {
  const { manifest, store } = await migrated()
  const before = await Array.fromAsync(store.list())
  const orphans = ['draft', 'released', 'released later', 'behind', 'no bytes', 'no metadata'].map(idOf)
  const uncommitted = await Array.fromAsync(manifest.listUncommitted(noGrace))
  expect(uncommitted.map(({ attachmentId }) => attachmentId).sort()).toEqual([...orphans].sort())
  await reclaimOrphanedAttachments(manifest, store, noGrace)
  const kept = listedBefore.filter(entry => entry.committedAtEpochMs !== undefined && !('releasedAtEpochMs' in entry))
  expect(
    sorted(await listAll(manifest)).map(({ attachmentId, committedAtEpochMs }) => [attachmentId, committedAtEpochMs]),
  ).toEqual(sorted(kept).map(({ attachmentId, committedAtEpochMs }) => [attachmentId, committedAtEpochMs]))
  for (const { attachmentId, generation } of kept) expect(await store.stat(attachmentId, { generation })).toBeDefined()

  // What is left beside that: a copy below the generation of its content, and those that no ref ever named.
  const claims = await manifest.claimBlobs(await Array.fromAsync(store.list()))
  const strays = claims.map(({ attachmentId: id, generation }) => ({ id, generation }))
  expect(strays).toEqual(
    expect.arrayContaining([
      { id: idOf('moved'), generation: 0 },
      { id: idOf('stray'), generation: 0 },
    ]),
  )
  expect(strays).not.toContainEqual({ id: idOf('moved'), generation: 2 })
  expect(before).toContainEqual(expect.objectContaining({ id: idOf('claimed') }))
})

test('a claim that a sweeper of version 1 has made stands, and is settled with its token', async () => {
  const { manifest, admin, schema } = await migrated()
  expect(await manifest.lookup('session 1', idOf('claimed'))).toBeUndefined()
  const key = [`\\x${idOf('claimed')}`]
  const look = () => admin.query(`SELECT generation, claim FROM ${schema}.attachment_generations WHERE id = $1`, key)
  const token = (await look()).rows[0].claim
  expect(await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10, ids: [idOf('claimed')] })).toEqual([])
  await manifest.settleClaims([{ attachmentId: idOf('claimed'), generation: 0, token }])
  expect((await look()).rows).toEqual([{ generation: '1', claim: null }])
})

test('a migrated schema is like a new one, whoever has migrated it', async () => {
  const [byProcess, byHand, made] = [await migrated(), await versionOne(), await freshSchema()]
  await byProcess.manifest.lookup('session 1', idOf('a'))
  await byHand.pool.query(`BEGIN; ${migrationSql(byHand.schema, 1)} COMMIT`)
  await closing(new PostgresAttachmentManifest({ pool: made.pool, schema: made.schema })).lookup('s', idOf('a'))
  const catalog = await catalogOf(made.admin, made.schema)
  expect(await catalogOf(made.admin, byProcess.schema)).toEqual(catalog)
  expect(await catalogOf(made.admin, byHand.schema)).toEqual(catalog)
  const manifest = new PostgresAttachmentManifest({ pool: byHand.pool, schema: byHand.schema, migrate: false })
  expect(await listAll(closing(manifest))).toHaveLength(listedBefore.length)
})

test('of many that open at once, one migrates; with migrate: false, none does', async () => {
  const { schema, pool, admin } = await versionOne()
  const checking = closing(new PostgresAttachmentManifest({ pool, schema, migrate: false }))
  const error = await checking.lookup('session 1', idOf('shared')).catch(error => error)
  expect(error).toBeInstanceOf(AttachmentSchemaError)
  expect(error.message).toContain(`migrationSql('${schema}', 1)`)
  const manifests = Array.from({ length: 8 }, () => closing(new PostgresAttachmentManifest({ pool, schema })))
  const found = await Promise.all(manifests.map(manifest => manifest.lookup('session 1', idOf('shared'))))
  for (const entry of found) expect(entry?.byteLength).toBe(6)
  const { rows } = await admin.query(`SELECT version FROM ${schema}.attachment_schema`)
  expect(rows).toEqual([{ version: 2 }])
})

test('where a table of a new name is there already, nothing is migrated', async () => {
  const { schema, pool, admin } = await versionOne()
  await admin.query(`CREATE TABLE ${schema}.attachment_floor (mine text)`)
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  await expect(manifest.lookup('session 1', idOf('shared'))).rejects.toThrow(/not ours/)
  const { rows } = await admin.query(`SELECT count(*) FROM ${schema}.attachment_refs`)
  expect(rows).toEqual([{ count: String(listedBefore.length) }])
})

test('a commit in the transaction of a host migrates nothing, and leaves the transaction usable', async () => {
  const { schema, pool, admin } = await versionOne()
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const client = await pool.connect()
  onTestFinished(() => client.release(true))
  await client.query('BEGIN')
  const commit = manifest.commitRefs('session 1', [idOf('draft')], { client })
  await expect(commit).rejects.toThrow(/has version 1.*needs 2.*outside of your transactions/)
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await client.query('COMMIT')
  const { rows } = await admin.query(`SELECT version FROM ${schema}.attachment_schema`)
  expect(rows).toEqual([{ version: 1 }])
  await manifest.commitRefs('session 1', [idOf('draft')])
})

test('a migration waits for a host that has committed refs in its transaction, and keeps them', async () => {
  const { schema, pool, admin } = await versionOne()
  const client = await pool.connect()
  onTestFinished(() => client.release(true))
  await client.query('BEGIN')
  // What version 1 does for a commit.
  const key = [`\\x${idOf('draft')}`]
  await client.query(`SELECT FROM ${schema}.attachment_contents WHERE id = $1 FOR SHARE`, key)
  await client.query(`UPDATE ${schema}.attachment_refs SET committed_at = 5 WHERE id = $1`, key)
  const lookup = closing(new PostgresAttachmentManifest({ pool, schema })).lookup('session 1', idOf('draft'))
  await untilBlocked(admin, schema)
  await client.query('COMMIT')
  expect(await lookup).toMatchObject({ committedAtEpochMs: 5, byteLength: 5 })
})
