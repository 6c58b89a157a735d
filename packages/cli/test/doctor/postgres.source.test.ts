import { openPostgresAttachments } from '@lash/attachments-postgres'
import { PostgresGround } from '@lash/attachments-testing/postgres'
import pg from 'pg'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { examinePostgres } from '../../src/doctor/backends/postgres-server.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { tryManifest } from '../../src/doctor/manifest-round-trip.ts'
import { tryStore } from '../../src/doctor/round-trip.ts'

const ground = new PostgresGround()
afterAll(() => ground.cleanup())
const never = new AbortController().signal
const levels = (findings: readonly Finding[]) => Object.fromEntries(findings.map(({ check, level }) => [check, level]))
const of = (findings: readonly Finding[], check: string) => findings.find(finding => finding.check === check)

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

test('a server as it should be, with a schema of ours: store and manifest work', async () => {
  const { url, schema, drop } = await ground.freshSchema()
  onTestFinished(drop)
  const { store, manifest, close } = openPostgresAttachments(url, { schema })
  onTestFinished(close)
  expect(levels([...(await tryStore(store, never)), ...(await tryManifest(manifest))])).toMatchObject({
    'round trip': 'ok',
    listing: 'ok',
    clock: 'ok',
    deletion: 'ok',
    durability: 'ok',
    refs: 'ok',
  })
  const findings = await examinePostgres(await connected(url), schema)
  expect(levels(findings)).toMatchObject({ encoding: 'ok', primary: 'ok', rights: 'ok', version: 'ok', clock: 'ok' })
  expect(await Array.fromAsync(store.list())).toEqual([])
})

test('a role whose commits are not synced and that may only read', async () => {
  const { url, schema, drop } = await ground.freshSchema()
  onTestFinished(drop)
  const client = await connected(url)
  await client.query('SET synchronous_commit = off; SET default_transaction_read_only = on')
  const findings = await examinePostgres(client, schema)
  expect(levels(findings)).toMatchObject({ synchronous_commit: 'problem', primary: 'problem' })
})

test('tables that the role may not use, and a schema that it may not make', async () => {
  const { url, schema, deny, drop } = await ground.freshSchema()
  onTestFinished(drop)
  const { store, manifest, close } = openPostgresAttachments(url, { schema })
  onTestFinished(close)
  await store.stat('0'.repeat(64))
  const allow = await deny()
  onTestFinished(async () => void (await allow()))
  const client = await connected(url)
  expect(of(await examinePostgres(client, schema), 'rights')).toMatchObject({
    level: 'problem',
    advice: expect.stringContaining(`ON ALL TABLES IN SCHEMA ${schema}`),
  })
  expect(of(await tryStore(store, never), 'round trip')?.level).toBe('problem')
  expect(of(await tryManifest(manifest), 'refs')?.level).toBe('problem')
  expect(of(await examinePostgres(client, `${schema}_other`), 'rights')?.advice).toContain('CREATE SCHEMA')
})
