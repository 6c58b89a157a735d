import { AttachmentNotFoundError, contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expect, onTestFinished, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, noGrace, text, untilBlocked } from '../server.ts'

/** Many calls at once, so that most of them share statements. */
async function setUp() {
  const fresh = await freshSchema()
  const { pool, schema } = fresh
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  await manifest.lookup('session', idOf('a'))
  await store.stat(idOf('a'))
  return { ...fresh, store, manifest, transactions: () => transactionsOf(fresh.admin, schema) }
}

/** The number of transactions that inserted the blobs that are there. */
async function transactionsOf(admin: Awaited<ReturnType<typeof freshSchema>>['admin'], schema: string) {
  const { rows } = await admin.query(`SELECT count(DISTINCT xmin::text) AS count FROM ${schema}.attachment_blobs`)
  return Number(rows[0].count)
}

const names = (count: number, prefix = 'of') => Array.from({ length: count }, (_, index) => `${prefix} ${index}`)

test('puts that come together share transactions, and each is read back with its own metadata', async () => {
  const { store, transactions } = await setUp()
  const all = names(100)
  const put = (name: string, index: number) =>
    store.put(bytesOf(name, index * 30), {
      mediaType: `text/x-${index}`,
      ...(index % 3 === 0 ? { width: index, height: index + 1 } : {}),
      ...(index % 2 === 0 ? { label: `"${name}", {\\} \u00e9 NULL` } : {}),
    })
  const refs = await Promise.all(all.map(put))
  expect(await transactions()).toBeLessThan(20)
  const found = await Promise.all(refs.map(ref => store.get(ref.id)))
  expect(found.map(({ meta }) => meta)).toEqual(refs)
  expect(found.map(({ bytes }) => bytes)).toEqual(all.map((name, index) => bytesOf(name, index * 30)))
  expect(await Promise.all(all.map(put))).toEqual(refs)
})

test('the same bytes many times at once, and empty ones, are stored once', async () => {
  const { store, admin, schema } = await setUp()
  const bodies = [...names(40), ...names(40), ...names(40)].map(name => bytesOf(name))
  await Promise.all([...bodies, new Uint8Array(), new Uint8Array()].map(bytes => store.put(bytes, text)))
  expect((await admin.query(`SELECT FROM ${schema}.attachment_blobs`)).rowCount).toBe(41)
  expect((await store.get((await store.put(new Uint8Array(), text)).id)).bytes).toEqual(new Uint8Array())
})

test('gets that come together find what is there, and miss what is not', async () => {
  const { store } = await setUp()
  const sizes = [0, 1, 20_000, 65_536, 70_000]
  await Promise.all(sizes.map(size => store.put(bytesOf(`of ${size}`.slice(0, size), size), text)))
  const gets = names(60).map(async (_, index) => {
    const size = sizes[index % sizes.length] as number
    const { id } = await store.put(bytesOf(`of ${size}`.slice(0, size), size), text)
    expect((await store.get(id)).bytes).toEqual(bytesOf(`of ${size}`.slice(0, size), size))
    await expect(store.get(idOf(`missing ${index}`))).rejects.toBeInstanceOf(AttachmentNotFoundError)
  })
  await Promise.all(gets)
})

test('gets that come together find blobs of all sizes after many small ones, and small ones after big ones', async () => {
  const { store } = await setUp()
  const big = [0, 1, 20_000, 40_000, 65_536, 70_000].map(size => bytesOf(`of ${size}`.slice(0, size), size))
  const small = names(30).map((name, index) => bytesOf(name, index))
  await Promise.all([...big, ...small].map(bytes => store.put(bytes, { ...text, width: bytes.length + 1, height: 7 })))
  for (const bodies of [small, small, [...small.slice(0, 9), ...big, ...big], small]) {
    const found = await Promise.all(bodies.map(bytes => store.get(contentId(bytes))))
    expect(found.map(({ bytes }) => bytes)).toEqual(bodies)
    expect(found.map(({ meta }) => meta.width)).toEqual(bodies.map(bytes => bytes.length + 1))
    const missing = names(9, 'missing').map(name => store.get(idOf(name)))
    await Promise.all(missing.map(get => expect(get).rejects.toBeInstanceOf(AttachmentNotFoundError)))
  }
})

test('intents that come together each get the generation of their content, whatever state it is in', async () => {
  const { manifest } = await setUp()
  const query = { olderThanEpochMs: noGrace, limit: 100 }
  for (const name of names(10, 'claimed')) await manifest.recordIntent(intentOf(name, 'session'))
  const claims = await manifest.claimOrphans(query)
  await manifest.settleClaims(claims.slice(0, 5))
  for (const name of names(10, 'live')) await manifest.recordIntent(intentOf(name, 'session'))
  await manifest.commitRefs('session', names(10, 'live').map(idOf))
  const all = [...names(10, 'claimed'), ...names(10, 'live'), ...names(10, 'new')]
  // Twice for one session and once for another, all at once.
  const intents = ['session', 'session', 'other'].flatMap(session =>
    all.map(async name => [name, await manifest.recordIntent(intentOf(name, session))] as const),
  )
  for (const [name, generation] of await Promise.all(intents)) {
    expect([name, generation]).toEqual([name, name.startsWith('claimed') ? 1 : 0])
  }
  const entries = await Promise.all(all.map(name => manifest.lookup('session', idOf(name))))
  for (const [index, entry] of entries.entries()) {
    expect(entry?.attachmentId).toBe(idOf(all[index] as string))
    // A put of committed content does not undo the commit.
    expect(entry?.committedAtEpochMs !== undefined).toBe(all[index]?.startsWith('live'))
  }
  await Promise.all(['session', 'other'].map(session => manifest.commitRefs(session, all.map(idOf))))
  expect(await manifest.lookup('third', idOf('live 0'))).toBeUndefined()
})

test('what sessions put together, they commit, read and sweep as if each had been alone', async () => {
  const { store, manifest } = await setUp()
  const sessions = names(4, 'session').map(name => new SessionScopedAttachmentStore(store, manifest, name))
  const puts = sessions.flatMap(session =>
    names(20).map(name => session.put(bytesOf(name), { ...text, label: session.sessionId })),
  )
  await Promise.all(puts)
  await Promise.all(sessions.slice(0, 2).map(session => session.commit()))
  await Promise.all(sessions.slice(1).map(session => session.release()))
  expect(await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 100 })).toEqual([])
  const found = await Promise.all(names(20).map(name => sessions[0]?.get(idOf(name))))
  for (const [index, stored] of found.entries()) {
    expect(stored?.bytes).toEqual(bytesOf(`of ${index}`))
    expect(stored?.meta.label).toBe('session 0')
  }
})

test('a put that waits for the transaction of a host holds up no other put of that moment', async () => {
  const { store, manifest, pool, admin, schema } = await setUp()
  await manifest.recordIntent(intentOf('a', 'session'))
  const client = await pool.connect()
  onTestFinished(() => client.release(true))
  await client.query('BEGIN')
  await manifest.commitRefs('session', [idOf('a')], { client })
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const puts = names(30).map(name => session.put(bytesOf(name), text))
  const waiting = session.put(bytesOf('a'), text)
  puts.push(...names(30, 'later').map(name => session.put(bytesOf(name), text)))
  const blocked = await untilBlocked(admin, schema)
  // The shared statement has left it out. Alone, it waits.
  expect(blocked).toHaveLength(1)
  expect(blocked[0]).not.toContain('unnest')
  await Promise.all(puts)
  await client.query('COMMIT')
  await waiting
  expect((await manifest.lookup('session', idOf('a')))?.committedAtEpochMs).toBeDefined()
})

test('calls that wait for locks do not keep others from being sent', async () => {
  const { store, manifest, pool, admin, schema } = await setUp()
  const held = names(4, 'held')
  for (const name of held) await manifest.recordIntent(intentOf(name, 'session'))
  const client = await pool.connect()
  onTestFinished(() => client.release(true))
  await client.query('BEGIN')
  await manifest.commitRefs('session', held.map(idOf), { client })
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const waiting = held.map(name => session.put(bytesOf(name), text))
  await untilBlocked(admin, schema, held.length)
  await Promise.all(names(10).map(name => session.put(bytesOf(name), text)))
  await client.query('ROLLBACK')
  await Promise.all(waiting)
})

test('one that is aborted leaves nothing, and the others of its statement are done', async () => {
  const { store } = await setUp()
  const abort = new AbortController()
  const reason = new Error('enough')
  const others = names(40).map(name => store.put(bytesOf(name), text))
  const aborted = names(5, 'aborted').map(name => store.put(bytesOf(name), text, { signal: abort.signal }))
  const outcomes = Promise.allSettled(aborted)
  abort.abort(reason)
  expect(await outcomes).toEqual(aborted.map(() => ({ status: 'rejected', reason })))
  await Promise.all(others)
  for (const name of names(5, 'aborted')) expect(await store.stat(idOf(name))).toBeUndefined()
})

test('one that the server refuses fails alone', async () => {
  const { store, admin, schema } = await setUp()
  await admin.query(`ALTER TABLE ${schema}.attachment_blobs ADD CHECK (label <> 'refused')`)
  const outcomes = await Promise.allSettled(
    names(40).map((name, index) => store.put(bytesOf(name), { ...text, label: index === 25 ? 'refused' : name })),
  )
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  expect(outcomes[25]).toMatchObject({ status: 'rejected', reason: { code: 'backend' } })
})

test('a damaged copy that is met in a statement for many is healed', async () => {
  const { store, admin, schema } = await setUp()
  await Promise.all(names(20).map(name => store.put(bytesOf(name), text)))
  await admin.query(`UPDATE ${schema}.attachment_blobs SET bytes = '' WHERE id = $1`, [`\\x${idOf('of 15')}`])
  await Promise.all(names(20).map(name => store.put(bytesOf(name), text)))
  expect((await store.get(idOf('of 15'))).bytes).toEqual(bytesOf('of 15'))
})

test('closing waits for what is gathered', async () => {
  const { store, pool, schema } = await setUp()
  const closing = new PostgresAttachmentStore({ pool, schema })
  const puts = Promise.all(names(40, 'last').map(name => closing.put(bytesOf(name), text)))
  await closing.close()
  await puts
  expect((await store.get(idOf('last 39'))).bytes).toEqual(bytesOf('last 39'))
})
