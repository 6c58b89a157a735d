import { SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { newPath, rawDatabase } from '../folder.ts'

const meta = { mediaType: 'application/octet-stream' }

async function newAttachments() {
  const path = newPath()
  const attachments = openSqliteAttachments(path)
  onTestFinished(() => attachments.close())
  return { ...attachments, raw: rawDatabase(path) }
}

test.each([10, 100_000])('what fails in a group fails alone (%i bytes each)', async length => {
  const { store, raw } = await newAttachments()
  raw.exec(`CREATE TRIGGER refuse BEFORE INSERT ON lash_attachment_blobs WHEN NEW.label = 'bad'
    BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`)
  const puts = Array.from({ length: 8 }, (_, index) =>
    store.put(new Uint8Array(length).fill(index), index === 3 ? { ...meta, label: 'bad' } : meta),
  )
  const outcomes = await Promise.allSettled(puts)
  expect(outcomes.map(({ status }) => status)).toEqual(
    Array.from({ length: 8 }, (_, index) => (index === 3 ? 'rejected' : 'fulfilled')),
  )
  expect(outcomes[3]).toMatchObject({
    reason: { code: 'backend', message: expect.stringContaining('refused by the test') },
  })
  expect(await Array.fromAsync(store.list())).toHaveLength(7)
})

test('an operation that waits for its group can be aborted, without the others of the group', async () => {
  const { store } = await newAttachments()
  const abort = new AbortController()
  const kept = store.put(new Uint8Array(10), meta)
  const aborted = store.put(new Uint8Array(11), meta, { signal: abort.signal })
  abort.abort(new Error('changed my mind'))
  await expect(aborted).rejects.toThrow('changed my mind')
  await kept
  expect(await Array.fromAsync(store.list())).toHaveLength(1)
})

test.each([700_001, 1_048_575, 1_048_577, 5_000_003])('the first put may be of any length (%i bytes)', async length => {
  const { store } = await newAttachments()
  const { id } = await store.put(new Uint8Array(length).fill(7), meta)
  expect((await store.get(id)).bytes).toHaveLength(length)
})

test('a put of a session is an intent and its bytes, both or none', async () => {
  const { store, manifest, raw } = await newAttachments()
  const session = new SessionScopedAttachmentStore(store, manifest, 'session')
  raw.exec(
    `CREATE TRIGGER refuse BEFORE INSERT ON lash_attachment_blobs
    BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`,
  )
  await expect(session.put(new Uint8Array(10), meta)).rejects.toThrow('refused by the test')
  expect(await Array.fromAsync(manifest.listRefs('session'))).toEqual([])
  expect(session.pendingRefs()).toEqual([])
  raw.exec('DROP TRIGGER refuse')
  const ref = await session.put(new Uint8Array(10), meta)
  await session.commit()
  expect((await session.get(ref.id)).bytes).toEqual(new Uint8Array(10))
})

test('a big group is not written on the thread of the event loop', async () => {
  const { store } = await newAttachments()
  let turns = 0
  let putting = true
  const count = async () => {
    while (putting) {
      turns++
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const counting = count()
  await Promise.all(Array.from({ length: 16 }, (_, index) => store.put(new Uint8Array(1_000_000).fill(index), meta)))
  putting = false
  await counting
  expect(turns).toBeGreaterThan(40)
})

test('puts, and gets, one after the other let the event loop have its turn', async () => {
  const { store } = await newAttachments()
  let turned = false
  const inTurn = (): void => {
    setImmediate(() => {
      turned = true
    })
  }
  inTurn()
  // Far less than fills the log: a checkpoint would end the turn.
  for (let index = 0; index < 600 && !turned; index++) await store.put(new Uint8Array(1000 + index), meta)
  expect(turned).toBe(true)
  const { id } = await store.put(new Uint8Array(5000), meta)
  turned = false
  inTurn()
  for (let index = 0; index < 100_000 && !turned; index++) await store.get(id)
  expect(turned).toBe(true)
})

test('what was put stays when the store is closed while its writer thread starts', async () => {
  const path = newPath()
  const { store, close } = openSqliteAttachments(path)
  // Small enough to be written in place; together they are about as much as starts the thread.
  for (let index = 0; index < 50; index++) await store.put(new Uint8Array(200_000).fill(index), meta)
  await close()
  const { store: again, close: closeAgain } = openSqliteAttachments(path)
  onTestFinished(() => closeAgain())
  expect(await Array.fromAsync(again.list())).toHaveLength(50)
})
