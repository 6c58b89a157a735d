import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openPostgresAttachments, PostgresAttachmentManifest } from '@lash/attachments-postgres'
import type { PoolClient } from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, noGrace, poolOf, text, untilBlocked } from '../server.ts'

/*
 * Content that has no row starts at the floor, so a statement that adds a row must not go on with a floor that it read
 * before a purge. Transactions written out here take the part of the purge, or stop a call while it holds the floor.
 */

const levels = ['read committed', 'repeatable read', 'serializable'] as const

async function setUp(level: (typeof levels)[number] = 'read committed') {
  const fresh = await freshSchema()
  const { schema, url } = fresh
  const pool = poolOf(url, { options: `-c default_transaction_isolation=${level.replace(' ', '\\ ')}` })
  const { store, manifest } = closing(openPostgresAttachments({ pool, schema }))
  const purging = closing(new PostgresAttachmentManifest({ pool, schema, tombstoneRetentionMs: 0 }))
  await purging.settleClaims([])
  const rival = await fresh.pool.connect()
  onTestFinished(() => rival.release(true))
  await rival.query('BEGIN')
  return {
    ...fresh,
    pool,
    store,
    manifest,
    purging,
    rival,
    contents: `${schema}.attachment_generations`,
    holds: `${schema}.attachment_holds`,
    floor: `${schema}.attachment_floor`,
  }
}

type World = Awaited<ReturnType<typeof setUp>>

/** Puts content and sweeps it, so often that it is a tombstone at that generation. */
async function bury({ manifest }: World, name: string, generation = 1): Promise<void> {
  for (let round = 0; round < generation; round++) {
    await manifest.recordIntent(intentOf(name, 'gone'))
    const ids = [idOf(name)]
    await manifest.settleClaims(await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 1, ids }))
  }
}

async function lockFloor({ rival, floor }: World): Promise<void> {
  await rival.query(`SELECT FROM ${floor} ORDER BY stripe FOR UPDATE`)
}

/** The end of a purge that has locked the floor: of a tombstone at generation 3. */
async function purge({ rival, contents, floor }: World, name: string): Promise<void> {
  await rival.query(`DELETE FROM ${contents} WHERE id = $1`, [`\\x${idOf(name)}`])
  await rival.query(`UPDATE ${floor} SET generation = 3`)
  await rival.query('COMMIT')
}

async function contentRows({ admin, contents }: World): Promise<unknown[]> {
  const { rows } = await admin.query(`SELECT encode(id, 'hex') AS id, generation, claim FROM ${contents} ORDER BY id`)
  return rows
}

const nameOf = (index: number) => `of ${index}`

test.each(levels)('in %s, an intent that waits for a purge starts at the new floor', async level => {
  const world = await setUp(level)
  const { manifest, admin, schema } = world
  await bury(world, 'a', 3)
  await lockFloor(world)
  const intents = ['a', 'never seen'].map(name => manifest.recordIntent(intentOf(name, 'session')))
  await untilBlocked(admin, schema, 2)
  await purge(world, 'a')
  expect(await Promise.all(intents)).toEqual([3, 3])
})

test.each(levels)('in %s, intents and puts that share a statement start at the new floor', async level => {
  const world = await setUp(level)
  const { store, manifest, admin, schema } = world
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  await lockFloor(world)
  const intents = Array.from({ length: 8 }, (_, index) => manifest.recordIntent(intentOf(nameOf(index), 'session')))
  const puts = Array.from({ length: 8 }, (_, index) => session.put(bytesOf(`bytes ${index}`), text))
  // Of each kind two alone, and one for all others.
  await untilBlocked(admin, schema, 6)
  await purge(world, 'nothing')
  expect(await Promise.all(intents)).toEqual(Array.from({ length: 8 }, () => 3))
  for (const { generation, id } of await Promise.all(puts)) {
    expect(generation).toBe(3)
    expect(await store.stat(id, { generation: 3 })).toBeDefined()
  }
})

test.each(levels)('in %s, a copy that a purge has put below the floor is not claimed, but free', async level => {
  const world = await setUp(level)
  const { purging, admin, schema } = world
  await lockFloor(world)
  const copies = [0, 3].map(generation => ({ id: idOf(`at ${generation}`), generation }))
  const claiming = purging.claimBlobs(copies)
  await untilBlocked(admin, schema)
  await purge(world, 'nothing')
  const claims = await claiming
  expect(claims.map(({ attachmentId: id, generation }) => ({ id, generation }))).toEqual(copies)
  const claimed = claims.find(({ generation }) => generation === 3)
  expect(await contentRows(world)).toEqual([{ id: idOf('at 3'), generation: '3', claim: claimed?.token }])
})

test('a copy that was put while its claim waited for a purge is spared', async () => {
  const world = await setUp()
  const { purging, manifest, rival, contents, holds, admin, schema } = world
  await lockFloor(world)
  const claiming = purging.claimBlobs([{ id: idOf('a'), generation: 0 }])
  await untilBlocked(admin, schema)
  // Before the purge had the floor, while it was 0.
  const key = [`\\x${idOf('a')}`]
  await rival.query(`INSERT INTO ${contents} (id) VALUES ($1)`, key)
  await rival.query(`INSERT INTO ${holds} (id, session_id, generation, intent_at) VALUES ($1, 'session', 0, 0)`, key)
  await purge(world, 'nothing')
  expect(await claiming).toEqual([])
  expect(await manifest.recordIntent(intentOf('a', 'session'))).toBe(0)
})

test.each(levels)('in %s, a purge waits for an intent that has the floor, and spares its content', async level => {
  const world = await setUp(level)
  const { manifest, purging, rival, contents, floor, admin, schema } = world
  await bury(world, 'a')
  await rival.query(`SELECT FROM ${contents} FOR UPDATE`)
  const intent = manifest.recordIntent(intentOf('a', 'session'))
  await untilBlocked(admin, schema)
  const settling = purging.settleClaims([])
  await untilBlocked(admin, schema, 2)
  await rival.query('ROLLBACK')
  expect(await intent).toBe(1)
  await settling
  await manifest.commitRefs('session', [idOf('a')])
  await purging.settleClaims([])
  const { rows } = await admin.query(`SELECT DISTINCT generation FROM ${floor}`)
  expect(rows).toEqual([{ generation: '0' }])
})

test('a purge that cannot have the floor gives up and leaves what is expired to a later one', async () => {
  const world = await setUp()
  const { purging, rival, floor } = world
  await bury(world, 'a')
  await rival.query(`SELECT FROM ${floor} WHERE stripe = 31 FOR SHARE`)
  await purging.settleClaims([])
  expect(await contentRows(world)).toHaveLength(1)
  await rival.query('COMMIT')
  await purging.settleClaims([])
  expect(await contentRows(world)).toEqual([])
})

test('a purge passes over a tombstone that somebody holds, and takes the others', async () => {
  const world = await setUp()
  const { purging, rival, contents } = world
  for (const name of ['a', 'b']) await bury(world, name)
  await rival.query(`SELECT FROM ${contents} WHERE id = $1 FOR SHARE`, [`\\x${idOf('a')}`])
  await purging.settleClaims([])
  expect(await contentRows(world)).toMatchObject([{ id: idOf('a') }])
})

test('content that is known needs no floor, and who waits for the floor holds no content', async () => {
  const world = await setUp()
  const { manifest, purging, pool, contents, admin, schema } = world
  const known = ['a', 'b', 'c', 'd']
  for (const name of known) await manifest.recordIntent(intentOf(name, 'session'))
  await lockFloor(world)
  await Promise.all(known.map(name => manifest.recordIntent(intentOf(name, 'other'))))
  await manifest.commitRefs('other', known.map(idOf))
  await manifest.releaseRefs('other')
  expect(await purging.claimBlobs([{ id: idOf('a'), generation: 0 }])).toEqual([])
  await purging.settleClaims([])

  const names = [...known, ...Array.from({ length: 6 }, (_, index) => nameOf(index))].reverse()
  const intents = names.map(name => manifest.recordIntent(intentOf(name, 'third')))
  await untilBlocked(admin, schema, 3)
  const { rowCount } = await pool.query(`SELECT FROM ${contents} FOR UPDATE NOWAIT`)
  expect(rowCount).toBe(known.length)
  await purge(world, 'nothing')
  expect(await Promise.all(intents)).toEqual(names.map(name => (known.includes(name) ? 0 : 3)))
})

test('a settlement takes one connection where nothing is expired, and purges what it has made where it is at once', async () => {
  const world = await setUp()
  const { manifest, purging, pool } = world
  const connections: unknown[] = []
  pool.on('acquire', (client: PoolClient) => connections.push(client))
  const settle = async (of: PostgresAttachmentManifest) => {
    await manifest.recordIntent(intentOf('a', 'session'))
    const claims = await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 1 })
    connections.length = 0
    await of.settleClaims(claims)
    return connections.length
  }
  expect(await settle(manifest)).toBe(1)
  expect(await contentRows(world)).toHaveLength(1)
  expect(await settle(purging)).toBe(2)
  expect(await contentRows(world)).toEqual([])
  connections.length = 0
  await purging.settleClaims([])
  expect(connections).toHaveLength(1)
  expect(await manifest.recordIntent(intentOf('never seen', 'session'))).toBe(2)
})

test('a settlement purges a bounded number of tombstones, and more than it makes', async () => {
  const world = await setUp()
  const { purging, admin, contents } = world
  await admin.query(
    `INSERT INTO ${contents} (id, generation, settled_at)
      SELECT sha256(convert_to('old ' || number, 'UTF8')), number, number FROM generate_series(1, 1200) AS number`,
  )
  await purging.settleClaims([])
  expect(await contentRows(world)).toHaveLength(700)
  // The oldest were purged.
  expect(await purging.recordIntent(intentOf('a', 'session'))).toBe(500)
  const claims = await purging.claimOrphans({ olderThanEpochMs: noGrace, limit: 1 })
  await purging.settleClaims(claims)
  expect(await contentRows(world)).toHaveLength(201)
})

test('while sessions put and sweepers purge at once, no bytes that were committed are lost', async () => {
  const { pool, schema } = await setUp()
  const names = Array.from({ length: 6 }, (_, index) => nameOf(index))
  let left = 6
  const open = () => closing(openPostgresAttachments({ pool, schema, tombstoneRetentionMs: 0 }))
  const writer = async (sessionId: string) => {
    const { store, manifest } = open()
    const session = new SessionScopedAttachmentStore(store, manifest, sessionId)
    for (let round = 0; round < 25; round++) {
      const name = names[Math.floor(Math.random() * names.length)] as string
      const ref = await session.put(bytesOf(name), text)
      const isCommitted = await session.commit().then(
        () => true,
        () => false,
      )
      if (isCommitted) expect((await session.get(ref.id)).bytes).toEqual(bytesOf(name))
      await session.release()
    }
    left--
  }
  const sweeper = async () => {
    const { store, manifest } = open()
    while (left > 0) {
      const claims = await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 3, staleClaimEpochMs: Date.now() })
      for (const { attachmentId, generation } of claims) await store.delete(attachmentId, { generation })
      await manifest.settleClaims(claims)
    }
  }
  await Promise.all([...Array.from({ length: 6 }, (_, index) => writer(`session ${index}`)), sweeper(), sweeper()])
})
