import { AttachmentCorruptError, AttachmentNotFoundError, contentId } from '@lash/attachments-core'
import { PostgresAttachmentStore } from '@lash/attachments-postgres'
import { expectBytes } from '@lash/attachments-testing'
import { expect, onTestFinished, test } from 'vitest'
import { bytesOf, closing, freshSchema, idOf, text, untilBlocked } from '../server.ts'

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
    expectBytes((await store.get(ref.id)).bytes, bytes)
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
  // An upload before its COPY.
  await rival.query('BEGIN')
  const insert = `
    INSERT INTO ${schema}.attachment_blobs (id, generation, byte_length, media_type)
    VALUES ($1, 0, 5000000, 'text/plain')`
  await rival.query(insert, [`\\x${id}`])
  const putting = store.put(bytes, text)
  await untilBlocked(admin, schema)
  expect(await store.stat(id)).toBeUndefined()
  await expect(store.get(id)).rejects.toBeInstanceOf(AttachmentNotFoundError)
  await rival.query('ROLLBACK')
  await putting
  expectBytes((await store.get(id)).bytes, bytes)
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
    expectBytes((await store.get(id)).bytes, bytes)
  }
})

test('after many new blobs in a row, a put still meets one that is there, and heals it where it is damaged', async () => {
  const { store, admin, schema } = await setUp()
  const bytes = bytesOf('old')
  const ref = await store.put(bytes, text)
  const damages = [`SET bytes = 'less'`, `SET bytes = NULL`, 'SET byte_length = 1', 'SET stored_at = now()']
  for (const damage of damages) {
    for (let index = 0; index < 50; index++) await store.put(bytesOf(`new ${damage} ${index}`), text)
    await admin.query(`UPDATE ${schema}.attachment_blobs ${damage} WHERE id = $1`, [`\\x${ref.id}`])
    expect(await store.put(bytes, text)).toEqual(ref)
    expect((await store.get(ref.id)).bytes).toEqual(bytes)
  }
  const { rows } = await admin.query(`SELECT count(*) FROM ${schema}.attachment_blobs`)
  expect(rows).toEqual([{ count: '201' }])
})

test('once one was there already, the bytes of a bigger blob are sent only when it is not, or is damaged', async () => {
  const { store, pool, schema } = await setUp()
  const sent = async (body: Uint8Array) => {
    const client = await pool.connect()
    const { stream } = (client as unknown as { connection: { stream: { bytesWritten: number } } }).connection
    client.release()
    const before = stream.bytesWritten
    const { id } = await store.put(body, text)
    const bytes = stream.bytesWritten - before
    expectBytes((await store.get(id)).bytes, body)
    return bytes
  }
  const [first, second] = [bytesOf('first', 60_000), bytesOf('second', 60_000)]
  expect(await sent(first)).toBeGreaterThan(60_000)
  expect(await sent(first)).toBeGreaterThan(60_000)
  expect(await sent(first)).toBeLessThan(1000)
  expect(await sent(second)).toBeGreaterThan(60_000)
  expect(await sent(first)).toBeGreaterThan(60_000)
  const damage = `UPDATE ${schema}.attachment_blobs SET bytes = substring(bytes FOR 10) WHERE id = $1`
  await pool.query(damage, [`\\x${contentId(first)}`])
  expect(await sent(first)).toBeGreaterThan(60_000)
})

test('a delete that waits for a healing put removes everything that the put has written', async () => {
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
  expectBytes((await store.get(id)).bytes, bytes)
})

test('bytes that are read have memory of their own: they can be transferred and cloned alone', async () => {
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
      expectBytes(structuredClone(read, { transfer: [read.buffer as ArrayBuffer] }), bytes)
    }
    for (const range of [{}, { start: 1, end: Math.max(1, size - 1) }]) {
      const { body } = await store.stream(id, range)
      for await (const chunk of body) {
        expect(owns(chunk), `chunk of ${size}`).toBe(true)
        structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] })
      }
    }
    expectBytes((await store.get(id)).bytes, bytes)
  }
})
