import { PostgresAttachmentManifest } from '@lash/attachments-postgres'
import { expect, test } from 'vitest'
import { closing, freshSchema, idOf, intentOf, noGrace } from '../server.ts'

async function setUp(): Promise<PostgresAttachmentManifest> {
  const { pool, schema } = await freshSchema()
  return closing(new PostgresAttachmentManifest({ pool, schema }))
}

/** Text of so many characters of four bytes, which nothing can compress. */
function incompressible(length: number, seed: number): string {
  let state = seed
  const characters = Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return String.fromCodePoint(0x10000 + (state % 0xf0000))
  })
  return characters.join('')
}

test('the longest holders in the longest session fit, and are told apart by their last character', async () => {
  const manifest = await setUp()
  const session = incompressible(512, 1)
  const start = incompressible(511, 2)
  const holders = [
    `${start}a`,
    `${start}b`,
    start,
    'x'.repeat(512),
    'x'.repeat(257),
    'x'.repeat(256),
    'é'.repeat(128),
    '',
  ]
  // At once, so that some share a statement.
  await Promise.all(holders.map(holder => manifest.recordIntent(intentOf('a', session, holder))))
  const [first, ...others] = holders as [string, ...string[]]
  await manifest.commitRefs(session, [idOf('a')], { holder: first })
  const found = await Promise.all(holders.map(holder => manifest.lookup(session, idOf('a'), { holder })))
  expect(found.map(entry => entry?.holder)).toEqual(holders)
  expect(found.filter(entry => entry?.committedAtEpochMs !== undefined)).toHaveLength(1)
  expect((await manifest.lookup(session, idOf('a')))?.holder).toBe(first)

  const listed = await Array.fromAsync(manifest.listRefs(session))
  expect(listed.map(({ holder }) => holder).sort()).toEqual([...holders].sort())
  for (const holder of holders) {
    expect(await Array.fromAsync(manifest.listRefs(session, { holder }))).toMatchObject([{ holder }])
  }
  for (const holder of others) await manifest.releaseRefs(session, undefined, { holder })
  expect(await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10 })).toEqual([])
  expect(await Array.fromAsync(manifest.listRefs(session))).toMatchObject([{ holder: first }])
})

test('listings go on from page to page through holders', async () => {
  const { pool, schema } = await freshSchema()
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const holders = Array.from({ length: 5 }, (_, index) => `holder ${index}`)
  await manifest.lookup('session', idOf('a'))
  await pool.query(
    `INSERT INTO ${schema}.attachment_holds (id, session_id, holder, generation, intent_at)
      SELECT sha256(convert_to(number::text, 'UTF8')), 'session', 'holder ' || number % 5, 0, number
      FROM generate_series(0, 5999) AS number`,
  )
  const all = await Array.fromAsync(manifest.listRefs('session'))
  expect(new Set(all.map(({ attachmentId }) => attachmentId)).size).toBe(6000)
  expect(all).toHaveLength(6000)
  for (const holder of holders) {
    const entries = await Array.fromAsync(manifest.listRefs('session', { holder }))
    expect(entries).toHaveLength(1200)
    expect(entries.every(entry => entry.holder === holder)).toBe(true)
  }
})

test('holders of one session that share a statement each have their own ref', async () => {
  const manifest = await setUp()
  const holders = Array.from({ length: 40 }, (_, index) => `holder ${index % 20}`)
  const ofHolder = (holder: string, index: number) => ({
    ...intentOf('a', 'session', holder),
    intentAtEpochMs: 1000 - (index % 20),
    meta: { mediaType: 'text/plain', label: holder },
  })
  await Promise.all(holders.map((holder, index) => manifest.recordIntent(ofHolder(holder, index))))
  const entries = await Array.fromAsync(manifest.listRefs('session'))
  expect(entries).toHaveLength(20)
  for (const { holder, meta } of entries) expect(meta?.label).toBe(holder)
  const keys = [...holders.map(holder => ({ holder })), undefined]
  const found = await Promise.all(keys.map(options => manifest.lookup('session', idOf('a'), options)))
  expect(found.map(entry => entry?.holder)).toEqual([...holders, 'holder 19'])
})
