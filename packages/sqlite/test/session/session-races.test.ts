import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type SqliteSession, SqliteSessionFactory } from '@lash/attachments-sqlite'
import { linesOf, newFolder, startScript } from '@lash/attachments-testing'
import { expect, test } from 'vitest'

const meta = { mediaType: 'text/plain' }

function newRoot(): string {
  return join(newFolder(), 'sessions')
}

async function commitIn(session: SqliteSession, text: string): Promise<string> {
  const { id } = await session.put(Buffer.from(text), meta)
  await session.commit()
  return id
}

/** What a new factory finds where something was committed. */
async function textOf(root: string, sessionId: string, id: string): Promise<string> {
  const session = await new SqliteSessionFactory(root).openExisting(sessionId)
  if (session === undefined) return 'no session'
  try {
    return Buffer.from((await session.get(id)).bytes).toString()
  } finally {
    await session.close()
  }
}

test('a session that is made while it is deleted is a new one, and keeps what is committed in it', async () => {
  const factory = new SqliteSessionFactory(newRoot())
  for (let round = 0; round < 5; round++) {
    const old = await factory.create('a')
    const oldId = await commitIn(old, `old ${round}`)
    const deleting = factory.delete('a')
    const session = await factory.create('a')
    const id = await commitIn(session, `new ${round}`)
    await deleting
    await expect(session.get(oldId)).rejects.toMatchObject({ code: 'not_found' })
    await session.close()
    expect(await textOf(factory.root, 'a', id)).toBe(`new ${round}`)
  }
})

test('a session that is looked for while it is deleted is not there, and is not made', async () => {
  const factory = new SqliteSessionFactory(newRoot())
  await commitIn(await factory.create('a'), 'old')
  const deleting = factory.delete('a')
  expect(await factory.openExisting('a')).toBeUndefined()
  await deleting
  expect(existsSync(factory.pathFor('a'))).toBe(false)
})

test('two handles of one session both keep what is committed in them', async () => {
  const factory = new SqliteSessionFactory(newRoot())
  const [one, two] = await Promise.all([factory.create('a'), factory.create('a')])
  const ids = await Promise.all([commitIn(one, 'one'), commitIn(two, 'two')])
  await one.close()
  expect(Buffer.from((await two.get(ids[0])).bytes).toString()).toBe('one')
  await two.close()
  expect(await textOf(factory.root, 'a', ids[1])).toBe('two')
})

test('a session that another factory has open is not deleted, and keeps what is committed in it', async () => {
  const root = newRoot()
  const factory = new SqliteSessionFactory(root, { busyTimeoutMs: 20 })
  const session = await new SqliteSessionFactory(root).create('a')
  await expect(factory.delete('a')).rejects.toMatchObject({
    code: 'backend',
    message: expect.stringMatching(/ is open .*close it there first/),
  })
  const id = await commitIn(session, 'kept')
  await session.close()
  expect(await textOf(root, 'a', id)).toBe('kept')
  await factory.delete('a')
  expect((await readdir(root)).filter(name => name.startsWith('a-'))).toEqual([])
})

test('a session that one factory makes while another deletes it keeps what is committed in it', async () => {
  const root = newRoot()
  const [one, two] = [new SqliteSessionFactory(root, { busyTimeoutMs: 20 }), new SqliteSessionFactory(root)]
  for (let round = 0; round < 5; round++) {
    await commitIn(await one.create('a'), 'old')
    // The deletion may come too late: then the session is open elsewhere.
    const deleting = one.delete('a').catch(error => expect(error).toMatchObject({ code: 'backend' }))
    const session = await two.create('a')
    const id = await commitIn(session, `new ${round}`)
    await deleting
    await session.close()
    expect(await textOf(root, 'a', id)).toBe(`new ${round}`)
    await one.delete('a')
  }
})

test('a session that another process has open is not deleted before that process ends, however it ends', async () => {
  const root = newRoot()
  const factory = new SqliteSessionFactory(root, { busyTimeoutMs: 20 })
  const holder = await startScript(new URL('../children/hold-session.ts', import.meta.url), [root, 'a'])
  await expect(factory.delete('a')).rejects.toMatchObject({ code: 'backend' })
  await holder.kill()
  expect(await textOf(root, 'a', holder.line)).toBe('held')
  await factory.delete('a')
  expect(await factory.openExisting('a')).toBeUndefined()
})

test('processes that make and delete the same sessions at once lose no commit of a session that is open', async () => {
  const root = newRoot()
  const child = new URL('../children/make-and-delete.ts', import.meta.url)
  const printed = await Promise.all(['one', 'two', 'three'].map(name => linesOf(child, [root, name, '25'])))
  expect(printed).toEqual([[], [], []])
})

test('what an interrupted deletion has left does not come back', async () => {
  const root = newRoot()
  const factory = new SqliteSessionFactory(root)
  const holder = await startScript(new URL('../children/hold-session.ts', import.meta.url), [root, 'a'])
  await holder.kill()
  await rm(factory.pathFor('a'))
  expect(existsSync(`${factory.pathFor('a')}-wal`)).toBe(true)
  expect(await factory.openExisting('a')).toBeUndefined()
  const session = await factory.create('a')
  await expect(session.get(holder.line)).rejects.toMatchObject({ code: 'not_found' })
  const id = await commitIn(session, 'new')
  await session.close()
  expect(await textOf(root, 'a', id)).toBe('new')
})
