import { AttachmentIntentExpiredError, contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expectBytes } from '@lash/attachments-testing'
import { postgresUrl } from '@lash/attachments-testing/postgres'
import type pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, noGrace, poolOf, text, untilBlocked } from '../server.ts'

/** Transactions written out here block calls of the manifest, so that two steps meet at one exact moment. */
async function setUp() {
  const fresh = await freshSchema()
  const manifest = closing(new PostgresAttachmentManifest({ pool: fresh.pool, schema: fresh.schema }))
  await manifest.recordIntent(intentOf('a', 'session'))
  const rival = await fresh.pool.connect()
  onTestFinished(() => rival.release(true))
  await rival.query('BEGIN')
  const contents = `${fresh.schema}.attachment_generations`
  const refs = `${fresh.schema}.attachment_holds`
  const key = [`\\x${idOf('a')}`]
  return { ...fresh, manifest, rival, contents, refs, key }
}

/** The two statements with which a sweep claims 'a'. */
async function claim({ rival, contents, refs, key }: Awaited<ReturnType<typeof setUp>>): Promise<void> {
  await rival.query(`SELECT FROM ${contents} WHERE id = $1 FOR UPDATE`, key)
  await rival.query(`DELETE FROM ${refs} WHERE id = $1`, key)
  await rival.query(`UPDATE ${contents} SET claim = 'rival', claimed_at = 0 WHERE id = $1`, key)
}

/**
 * Makes a call fail twice like the victim of a deadlock, at its first statement that writes. A sequence counts the
 * failures, since a rollback does not take it back.
 */
async function failingTwice({ admin, schema }: Awaited<ReturnType<typeof freshSchema>>) {
  await admin.query(`
    CREATE SEQUENCE ${schema}.calls;
    GRANT USAGE ON SEQUENCE ${schema}.calls TO PUBLIC;
    CREATE FUNCTION ${schema}.fail() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('${schema}.calls') <= 2 THEN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;
        RETURN NULL;
      END $$`)
  for (const table of ['generations', 'holds', 'blobs', 'chunks']) {
    const name = `${schema}.attachment_${table}`
    await admin.query(
      `CREATE TRIGGER fail AFTER INSERT OR UPDATE OR DELETE ON ${name} EXECUTE FUNCTION ${schema}.fail()`,
    )
  }
  return async <T>(call: () => Promise<T>): Promise<T> => {
    await admin.query(`ALTER SEQUENCE ${schema}.calls RESTART`)
    const result = await call()
    const { rows } = await admin.query<{ last_value: string }>(`SELECT last_value FROM ${schema}.calls`)
    expect(Number(rows[0]?.last_value)).toBeGreaterThan(2)
    return result
  }
}

test('an intent that meets a claim being made waits for it, and then moves on', async () => {
  const world = await setUp()
  const { manifest, rival, admin, schema } = world
  await claim(world)
  const intents = Promise.all(['session', 'other'].map(session => manifest.recordIntent(intentOf('a', session))))
  await untilBlocked(admin, schema, 2)
  await rival.query('COMMIT')
  expect(await intents).toEqual([1, 1])
  await manifest.commitRefs('session', [{ id: idOf('a'), generation: 1 } as never])
})

test('intents that meet the same claim being made do not wait for each other', async () => {
  const world = await setUp()
  const { rival, admin, schema } = world
  // The server would detect that after a while; here it must not.
  const pool = poolOf(postgresUrl(), { options: '-c deadlock_timeout=40s' })
  const manifests = Array.from({ length: 4 }, () => closing(new PostgresAttachmentManifest({ pool, schema })))
  for (const manifest of manifests) await manifest.lookup('session', idOf('a'))
  await claim(world)
  const intents = manifests.map((manifest, index) => manifest.recordIntent(intentOf('a', `session ${index}`)))
  await untilBlocked(admin, schema, intents.length)
  await rival.query('COMMIT')
  expect(await Promise.all(intents)).toEqual([1, 1, 1, 1])
}, 20_000)

test('an intent that meets a claim that is given up stays where it is', async () => {
  const world = await setUp()
  const { manifest, rival, admin, schema } = world
  await claim(world)
  const intent = manifest.recordIntent(intentOf('a', 'other'))
  await untilBlocked(admin, schema)
  await rival.query('ROLLBACK')
  expect(await intent).toBe(0)
  await manifest.commitRefs('session', [idOf('a')])
})

test('a commit that meets a claim being made waits for it, and is refused', async () => {
  const world = await setUp()
  const { manifest, rival, admin, schema } = world
  await claim(world)
  const commit = manifest.commitRefs('session', [idOf('a')])
  const refused = expect(commit).rejects.toBeInstanceOf(AttachmentIntentExpiredError)
  await untilBlocked(admin, schema)
  await rival.query('COMMIT')
  await refused
})

test('a commit that waits while content is claimed and put again by another session is refused', async () => {
  const world = await setUp()
  const { manifest, rival, contents, admin, schema, key } = world
  await claim(world)
  const commit = manifest.commitRefs('session', [idOf('a')])
  const refused = expect(commit).rejects.toBeInstanceOf(AttachmentIntentExpiredError)
  await untilBlocked(admin, schema)
  await rival.query(`UPDATE ${contents} SET claim = NULL, generation = generation + 1 WHERE id = $1`, key)
  await rival.query('COMMIT')
  await refused
})

test('a release that meets a claim being made waits for it, and finds nothing left', async () => {
  const world = await setUp()
  const { manifest, rival, admin, schema } = world
  await claim(world)
  const release = manifest.releaseRefs('session')
  await untilBlocked(admin, schema)
  await rival.query('COMMIT')
  await release
  expect(await manifest.lookup('session', idOf('a'))).toBeUndefined()
})

test('a sweep passes over content on which an intent is being recorded', async () => {
  const { manifest, rival, contents, refs, key } = await setUp()
  await rival.query(`SELECT FROM ${contents} WHERE id = $1 FOR SHARE`, key)
  await rival.query(`INSERT INTO ${refs} (id, session_id, generation, intent_at) VALUES ($1, 'other', 0, 0)`, key)
  const query = { olderThanEpochMs: noGrace, limit: 10 }
  expect(await manifest.claimOrphans(query)).toEqual([])
  await rival.query('COMMIT')
  expect(await manifest.claimOrphans(query)).toHaveLength(1)
})

test('a commit that waits for an intent of its own session sees what that has written', async () => {
  const { manifest, rival, refs, admin, schema, key } = await setUp()
  await rival.query(`UPDATE ${refs} SET intent_at = 5 WHERE id = $1`, key)
  const commit = manifest.commitRefs('session', [idOf('a')])
  await untilBlocked(admin, schema)
  await rival.query('COMMIT')
  await commit
  expect(await manifest.lookup('session', idOf('a'))).toMatchObject({ intentAtEpochMs: 5, generation: 0 })
  expect((await manifest.lookup('session', idOf('a')))?.committedAtEpochMs).toBeDefined()
})

test('a commit that waits for a release of its own session is refused, and commits nothing else', async () => {
  const { manifest, rival, refs, admin, schema, key } = await setUp()
  await manifest.recordIntent(intentOf('b', 'session'))
  await rival.query(`UPDATE ${refs} SET released_at = 5 WHERE id = $1`, key)
  const commit = manifest.commitRefs('session', [idOf('b'), idOf('a')])
  const refused = expect(commit).rejects.toMatchObject({ ids: [idOf('a')] })
  await untilBlocked(admin, schema)
  await rival.query('COMMIT')
  await refused
  expect((await manifest.lookup('session', idOf('b')))?.committedAtEpochMs).toBeUndefined()
})

test('settling meets a takeover being made, and leaves it alone', async () => {
  const { manifest, rival, contents, admin, schema, key } = await setUp()
  const claims = await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 1 })
  await rival.query(`UPDATE ${contents} SET claim = 'rival' WHERE id = $1`, key)
  const settling = manifest.settleClaims(claims)
  await untilBlocked(admin, schema)
  await rival.query('COMMIT')
  await settling
  const { rows } = await admin.query(`SELECT claim, generation FROM ${contents}`)
  expect(rows).toEqual([{ claim: 'rival', generation: '0' }])
})

test.each(['repeatable read', 'serializable'])(
  'where the default of the database is %s, nothing fails and nothing is lost',
  async level => {
    const { schema, url } = await freshSchema()
    const pool: pg.Pool = poolOf(url, { options: `-c default_transaction_isolation=${level.replace(' ', '\\ ')}` })
    const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
    const generations = new Map<string, number>()
    let left = 8
    const session = async (name: string) => {
      for (let round = 0; round < 12; round++) {
        const generation = await manifest.recordIntent(intentOf('a', name))
        const refused = await manifest.commitRefs(name, [{ id: idOf('a'), generation } as never]).catch(error => error)
        if (refused instanceof AttachmentIntentExpiredError) continue
        expect(refused).toBeUndefined()
        generations.set(name, generation)
        expect((await manifest.lookup(name, idOf('a')))?.generation).toBe(generation)
        await manifest.releaseRefs(name)
      }
      left--
    }
    const sweeper = async () => {
      while (left > 0) await manifest.settleClaims(await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 5 }))
    }
    await Promise.all([...Array.from({ length: 8 }, (_, index) => session(`session ${index}`)), sweeper(), sweeper()])
    expect(generations.size).toBeGreaterThan(0)
  },
)

test('whatever call the server chooses to end a deadlock is done again', async () => {
  const fresh = await freshSchema()
  const { schema, pool, admin } = fresh
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const [small, big, huge] = [bytesOf('small'), bytesOf('big', 300_000), bytesOf('huge', 5_000_000)]
  const damaged = bytesOf('damaged', 300_000)
  await store.put(damaged, text)
  await admin.query(`DELETE FROM ${schema}.attachment_chunks`)
  const again = await failingTwice(fresh)

  for (const bytes of [small, big, huge, damaged]) await again(() => store.put(bytes, text))
  await again(() => session.put(bytesOf('through a session'), text))
  await again(() => Promise.all(Array.from({ length: 40 }, (_, index) => store.put(bytesOf(`of ${index}`), text))))
  for (const bytes of [small, big, huge, damaged]) expectBytes((await store.get(contentId(bytes))).bytes, bytes)
  await again(() => store.delete(contentId(huge)))

  const names = ['a', 'b', 'c', 'through a session']
  for (const name of names) await again(() => manifest.recordIntent(intentOf(name, 'session')))
  await again(() => manifest.commitRefs('session', names.map(idOf)))
  await again(() => manifest.releaseRefs('session', [idOf('a')]))
  await again(() => manifest.releaseRefs('session'))
  const query = { olderThanEpochMs: noGrace, staleClaimEpochMs: noGrace, limit: 10 }
  expect(await again(() => manifest.claimOrphans(query))).toHaveLength(names.length)
  const claims = await again(() => manifest.claimOrphans(query))
  expect(claims.map(({ attachmentId }) => attachmentId).sort()).toEqual(names.map(idOf).sort())
  await again(() => manifest.settleClaims(claims))
  const tombstones = names.map(name => ({ id: idOf(name), generation: 1 }))
  for (const strays of [tombstones, [{ id: idOf('stray'), generation: 1 }]]) {
    const taken = await again(() => manifest.claimBlobs(strays))
    expect(taken.map(({ attachmentId: id, generation }) => ({ id, generation }))).toEqual(strays)
  }
  await again(() => manifest.recordIntent(intentOf('a', 'session')))
  await again(() => manifest.forget(idOf('a')))
  expect(await manifest.lookup('session', idOf('a'))).toBeUndefined()
})

test('a release of everything that meets a host committing in another order waits for it', async () => {
  const { schema, pool, admin } = await freshSchema()
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const [low, high] = [idOf('a'), idOf('b')].sort() as [string, string]
  for (const name of ['a', 'b']) await manifest.recordIntent(intentOf(name, 'session'))
  // The wait of this client never ends a deadlock, so the server can choose only the release.
  const patient = poolOf(postgresUrl(), { options: '-c deadlock_timeout=50s' })
  const client = await patient.connect()
  onTestFinished(() => client.release(true))
  await client.query('BEGIN')
  await manifest.commitRefs('session', [high], { client })
  const release = manifest.releaseRefs('session')
  await untilBlocked(admin, schema)
  await manifest.commitRefs('session', [low], { client })
  await client.query('COMMIT')
  await release
  for (const id of [low, high]) expect((await manifest.lookup('session', id))?.releasedAtEpochMs).toBeDefined()
}, 20_000)
