import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { SqliteSessionFactory, type SqliteSessionFactoryOptions } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import { expect, onTestFinished, test } from 'vitest'
import { rawDatabase } from '../folder.ts'

const meta = { mediaType: 'text/plain' }

async function newFactory(options?: SqliteSessionFactoryOptions) {
  return new SqliteSessionFactory(join(newFolder(), 'sessions'), options)
}

test('the path has a safe name and a digest, and differs for ids that look alike', async () => {
  const factory = await newFactory()
  const hex = (id: string) => createHash('sha256').update(id).digest('hex').slice(0, 16)
  expect(factory.pathFor('chat-42')).toBe(join(factory.root, `chat-42-${hex('chat-42')}.db`))
  expect(basename(factory.pathFor('../a/b\\c:é'))).toBe(`.._a_b_c__-${hex('../a/b\\c:é')}.db`)
  expect(basename(factory.pathFor('x'.repeat(500)))).toBe(`${'x'.repeat(80)}-${hex('x'.repeat(500))}.db`)
  const alike = ['a', 'A', 'a ', 'a_', 'a/', 'é', 'e\u0301', '\u{1f600}', '..', '.']
  expect(new Set(alike.map(id => factory.pathFor(id).toLowerCase())).size).toBe(alike.length)
  for (const id of alike) expect(join(factory.root, basename(factory.pathFor(id)))).toBe(factory.pathFor(id))
  expect(() => factory.pathFor('')).toThrow('session id')
  expect(() => factory.pathFor('a\0')).toThrow('session id')
})

test('a session is made, found again, and deleted with all its files', async () => {
  const factory = await newFactory()
  expect(await factory.openExisting('a')).toBeUndefined()
  const session = await factory.create('a')
  const ref = await session.put(Buffer.from('hello'), meta)
  await session.commit()
  await session.close()

  await using again = await factory.openExisting('a')
  expect(Buffer.from((await again?.get(ref.id))?.bytes ?? [])).toEqual(Buffer.from('hello'))
  await using other = await factory.create('b')
  await expect(other.get(ref.id)).rejects.toMatchObject({ code: 'not_found' })

  await factory.delete('a')
  await expect(again?.get(ref.id)).rejects.toMatchObject({ code: 'closed' })
  expect((await readdir(factory.root)).filter(name => name.startsWith('a-'))).toEqual([])
  await factory.delete('a')
  await factory.delete('never there')
  expect(await factory.openExisting('a')).toBeUndefined()
  await using fresh = await factory.create('a')
  await expect(fresh.get(ref.id)).rejects.toMatchObject({ code: 'not_found' })
})

test('garbage is collected after so many commits, and committed bytes stay', async () => {
  const factory = await newFactory({ gcPolicy: { autoRunEveryCommits: 2, gracePeriodMs: 0 } })
  const session = await factory.create('a')
  const raw = rawDatabase(session.path)
  const blobs = () => raw.prepare('SELECT count(*) FROM lash_attachment_blobs').pluck().get()
  const kept = await session.put(Buffer.from('kept'), meta)
  await session.commit()
  const released = await session.put(Buffer.from('released'), meta)
  await session.release([released.id])
  const last = await session.put(Buffer.from('last'), meta)
  expect(blobs()).toBe(3)
  await session.commit()
  await session.close()
  expect(blobs()).toBe(2)
  await using again = await factory.create('a')
  for (const { id } of [kept, last]) await again.get(id)
})

test('commits of holders count, and bytes stay for as long as any holder has them', async () => {
  const factory = await newFactory({ gcPolicy: { autoRunEveryCommits: 3, gracePeriodMs: 0 } })
  const session = await factory.create('a')
  const raw = rawDatabase(session.path)
  const blobs = () => raw.prepare('SELECT count(*) FROM lash_attachment_blobs').pluck().get()
  const draft = session.withHolder('draft')
  const ref = await draft.put(Buffer.from('drafted'), meta)
  await draft.put(Buffer.from('removed'), meta)
  await draft.commit()
  const message = draft.withHolder('message')
  await message.adopt([ref], draft)
  await message.commit()
  await draft.release()
  expect((await Array.fromAsync(session.list())).map(({ id }) => id)).toEqual([ref.id])
  expect(blobs()).toBe(2)
  // The third of the session, whoever committed.
  await message.commit({ refs: [ref] })
  await session.close()
  expect(blobs()).toBe(1)
  await expect(message.get(ref.id)).rejects.toMatchObject({ code: 'closed' })

  await using again = await factory.create('a')
  expect(await again.usage()).toEqual({ count: 1, byteLength: 7 })
  expect((await again.withHolder('another').get(ref.id)).meta).toMatchObject(meta)
})

test('without a policy nothing is collected unasked, and collectGarbage keeps what is younger than a day', async () => {
  const factory = await newFactory()
  const session = await factory.create('a')
  onTestFinished(() => session.close())
  const { id } = await session.put(Buffer.from('uncommitted'), meta)
  expect(await session.collectGarbage()).toMatchObject({ reclaimedCount: 0, failures: [] })
  await session.get(id)
})

test('bad options are refused', async () => {
  const root = newFolder()
  expect(() => new SqliteSessionFactory('')).toThrow('root')
  expect(() => new SqliteSessionFactory(root, { gcPolicy: { gracePeriodMs: -1 } })).toThrow('gracePeriodMs')
  expect(() => new SqliteSessionFactory(root, { gcPolicy: { gracePeriodMs: 0, autoRunEveryCommits: 0 } })).toThrow(
    'autoRunEveryCommits',
  )
})
