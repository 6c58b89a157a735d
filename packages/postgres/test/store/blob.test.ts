import {
  AttachmentCorruptError,
  AttachmentNotFoundError,
  contentId,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { PostgresAttachmentManifest, PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expect, onTestFinished, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, intentOf, noGrace, poolOf, text, untilBlocked } from '../database.ts'

async function setUp() {
  const fresh = await freshSchema()
  return { ...fresh, store: closing(new PostgresAttachmentStore({ pool: fresh.pool, schema: fresh.schema })) }
}

function sourceOf(bytes: Uint8Array, pieceBytes: number): ReadableStream<Uint8Array> {
  let offset = 0
  return new ReadableStream({
    pull(controller) {
      if (offset >= bytes.byteLength) return controller.close()
      controller.enqueue(bytes.slice(offset, offset + pieceBytes))
      offset += pieceBytes
    },
  })
}

test('bytes of every way to be stored come back as they were: in one row, in one statement, in a COPY', async () => {
  const { store } = await setUp()
  for (const length of [0, 65_536, 65_537, 262_144, 262_145, 4_194_304, 4_194_305, 6_000_001]) {
    const bytes = bytesOf(`of ${length}`.slice(0, length), length)
    const ref = await store.put(sourceOf(bytes, 100_003), text)
    const again = await store.put(bytes, text)
    expect(again).toEqual(ref)
    expect((await store.get(ref.id)).bytes).toEqual(bytes)
    expect(await store.stat(ref.id)).toEqual({ id: ref.id, byteLength: length, mediaType: 'text/plain' })
  }
})

test('an upload is seen when it is done, and not before; a second one of the same bytes waits for it', async () => {
  const { store, pool, schema, admin } = await setUp()
  await store.stat(idOf('a'))
  const bytes = bytesOf('big', 5_000_000)
  const id = contentId(bytes)
  const rival = await pool.connect()
  onTestFinished(() => rival.release(true))
  // What an upload has done before its COPY.
  await rival.query('BEGIN')
  const head = `INSERT INTO ${schema}.attachment_blobs (id, generation, byte_length, media_type) VALUES ($1, 0, 5000000, 'text/plain')`
  await rival.query(head, [`\\x${id}`])
  const putting = store.put(bytes, text)
  await untilBlocked(admin, schema)
  expect(await store.stat(id)).toBeUndefined()
  await expect(store.get(id)).rejects.toBeInstanceOf(AttachmentNotFoundError)
  await rival.query('ROLLBACK')
  await putting
  expect((await store.get(id)).bytes).toEqual(bytes)
})

test('a hundred puts of the same big bytes at once are one blob', async () => {
  const { store, admin, schema } = await setUp()
  const bytes = bytesOf('big', 700_000)
  await Promise.all(Array.from({ length: 100 }, () => store.put(bytes, text)))
  const { rows } = await admin.query(`SELECT count(*) FROM ${schema}.attachment_chunks`)
  expect(rows).toEqual([{ count: '3' }])
})

test('a blob that is deleted while it is read fails the stream, and never ends it early', async () => {
  const { store } = await setUp()
  const bytes = bytesOf('big', 8_000_000)
  const { id } = await store.put(bytes, text)
  const { body } = await store.stream(id)
  let received = 0
  const reading = (async () => {
    for await (const chunk of body) {
      if (received === 0) await store.delete(id)
      received += chunk.byteLength
    }
  })()
  await expect(reading).rejects.toBeInstanceOf(AttachmentNotFoundError)
  expect(received).toBeLessThan(bytes.byteLength)
})

test('chunks that are lost or of a wrong length are damage, in a range too, and a put heals them', async () => {
  const { store, admin, schema } = await setUp()
  const bytes = bytesOf('big', 1_000_000)
  const { id } = await store.put(bytes, text)
  const damages = [
    `DELETE FROM ${schema}.attachment_chunks WHERE seq = 1`,
    `UPDATE ${schema}.attachment_chunks SET bytes = substring(bytes FOR 1000) WHERE seq = 1`,
    `UPDATE ${schema}.attachment_chunks SET bytes = bytes || bytes WHERE seq = 1`,
  ]
  for (const damage of damages) {
    await admin.query(damage)
    await expect(store.get(id)).rejects.toBeInstanceOf(AttachmentCorruptError)
    const range = store.stream(id, { start: 300_000, end: 300_010 }).then(({ body }) => body.getReader().read())
    await expect(range).rejects.toBeInstanceOf(AttachmentCorruptError)
    await store.put(bytes, text)
    expect((await store.get(id)).bytes).toEqual(bytes)
  }
})

test('a delete that waits for a healing put takes all of what that has written', async () => {
  const { store, pool, schema, admin } = await setUp()
  const bytes = bytesOf('big', 600_000)
  const { id } = await store.put(bytes, text)
  const healer = await pool.connect()
  onTestFinished(() => healer.release(true))
  const key = [`\\x${id}`]
  await healer.query('BEGIN')
  await healer.query(`SELECT FROM ${schema}.attachment_blobs WHERE id = $1 FOR UPDATE`, key)
  await healer.query(`DELETE FROM ${schema}.attachment_chunks WHERE id = $1`, key)
  await healer.query(`UPDATE ${schema}.attachment_blobs SET stored_at = now() WHERE id = $1`, key)
  await healer.query(`INSERT INTO ${schema}.attachment_chunks VALUES ($1, 0, 0, 'new')`, key)
  const deleting = store.delete(id)
  await untilBlocked(admin, schema)
  await healer.query('COMMIT')
  await deleting
  const { rows } = await admin.query(`SELECT count(*) FROM ${schema}.attachment_chunks`)
  expect(rows).toEqual([{ count: '0' }])
  await store.put(bytes, text)
  expect((await store.get(id)).bytes).toEqual(bytes)
})

test('without prepared statements everything works, and the server keeps none', async () => {
  const { schema, url } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema, prepare: false }))
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema, prepare: false }))
  const bytes = bytesOf('a')
  await manifest.recordIntent(intentOf('a', 'session'))
  await store.put(bytes, text)
  await manifest.commitRefs('session', [idOf('a')])
  await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10 })
  expect((await store.get(idOf('a'))).bytes).toEqual(bytes)
  expect((await pool.query('SELECT FROM pg_prepared_statements')).rowCount).toBe(0)
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
    expect((await store.get(id)).bytes).toEqual(bytes)
  }
  expect(await session.commit()).toHaveLength(5)
})

test('a statement that has failed once is prepared and understood all the same', async () => {
  const { schema, url, deny } = await freshSchema()
  const pool = poolOf(url, { max: 1 })
  const store = closing(new PostgresAttachmentStore({ pool, schema }))
  await store.stat(idOf('a'))
  const restore = await deny()
  await expect(store.put(bytesOf('a'), text)).rejects.toThrow('42501')
  await expect(store.get(idOf('a'))).rejects.toThrow('42501')
  await restore()
  await store.put(bytesOf('a'), text)
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
  expect((await store.get(idOf('a'))).bytes).toEqual(bytesOf('a'))
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

test('a small put through a session is one statement where store and manifest share a pool, and heals and moves on as two would', async () => {
  const { store, pool, schema, admin } = await setUp()
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  const bytes = bytesOf('a')
  await session.put(bytes, text)
  const statements: string[] = []
  pool.on('acquire', () => statements.push('one'))
  const label = { ...text, label: 'b' }
  const ref = await session.put(bytesOf('b'), label)
  expect(statements).toEqual(['one'])
  expect((await session.get(ref.id)).meta).toMatchObject(label)
  expect((await session.get(ref.id)).bytes).toEqual(bytesOf('b'))

  await admin.query(`UPDATE ${schema}.attachment_blobs SET bytes = 'xx'`)
  expect(await session.put(bytes, text)).toEqual({ id: idOf('a'), byteLength: bytes.byteLength, ...text })
  expect((await session.get(idOf('a'))).bytes).toEqual(bytes)

  // Claimed by a sweeper that stalls: the put goes to the next generation, and what the sweeper deletes is another copy.
  const [claim] = await manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 1, ids: [idOf('a')] })
  const moved = await session.put(bytes, text)
  expect(moved.generation).toBe(1)
  await store.delete(idOf('a'), { generation: claim?.generation })
  await session.commit().catch(() => {})
  expect((await session.get(idOf('a'))).bytes).toEqual(bytes)
})

test('a put through a session whose store is limited, closed or elsewhere is not done in one statement', async () => {
  const { pool, schema, url, store } = await setUp()
  const manifest = closing(new PostgresAttachmentManifest({ pool, schema }))
  const limited = closing(new PostgresAttachmentStore({ pool, schema, maxByteLength: 3 }))
  const elsewhere = closing(new PostgresAttachmentStore({ connectionString: url, schema }))
  const closed = new PostgresAttachmentStore({ pool, schema })
  await closed.close()
  const content = await store.prepare(bytesOf('abcd'))
  const putTo = (inner: PostgresAttachmentStore) =>
    new SessionScopedAttachmentStore(inner, manifest, 'session').put(content, text)
  await expect(putTo(limited)).rejects.toMatchObject({ code: 'too_large' })
  await expect(putTo(closed)).rejects.toMatchObject({ code: 'closed' })
  expect(await store.stat(idOf('abcd'))).toBeUndefined()
  await putTo(elsewhere)
  expect(await store.stat(idOf('abcd'))).toBeDefined()
})

test('what is read has its memory to itself: it can be transferred, and a clone of it takes nothing else along', async () => {
  const { store } = await setUp()
  const owns = ({ buffer, byteOffset, byteLength }: Uint8Array) => byteOffset === 0 && buffer.byteLength === byteLength
  for (const size of [0, 1, 5, 4000, 32_768, 32_769, 65_536, 65_537, 300_000, 2_097_152, 3_000_000]) {
    const bytes = bytesOf('bytes'.slice(0, size), size)
    const { id } = await store.put(bytes, text)
    // One alone, and several that share a statement.
    for (const { bytes: read } of [
      await store.get(id),
      ...(await Promise.all([1, 2, 3, 4].map(() => store.get(id)))),
    ]) {
      expect(owns(read), `get of ${size}`).toBe(true)
      expect(structuredClone(read, { transfer: [read.buffer as ArrayBuffer] })).toEqual(bytes)
    }
    for (const range of [{}, { start: 1, end: Math.max(1, size - 1) }]) {
      const { body } = await store.stream(id, range)
      for await (const chunk of body) {
        expect(owns(chunk), `chunk of ${size}`).toBe(true)
        structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] })
      }
    }
    expect((await store.get(id)).bytes).toEqual(bytes)
  }
})
