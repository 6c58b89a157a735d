import { AttachmentIntentExpiredError, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newPath } from '../folder.ts'

const meta = { mediaType: 'text/plain' }

async function newHost(where: 'file' | 'memory') {
  const host = new Database(where === 'file' ? newPath() : ':memory:')
  host.pragma('journal_mode = WAL')
  host.pragma('user_version = 42')
  host.exec('CREATE TABLE turns (refs TEXT)')
  const attachments = openSqliteAttachments({ database: host })
  onTestFinished(async () => {
    await attachments.close()
    expect(host.prepare('SELECT count(*) FROM turns').pluck().get()).toBeTypeOf('number')
    expect(host.pragma('user_version', { simple: true })).toBe(42)
    host.close()
  })
  const session = new SessionScopedAttachmentStore(attachments.store, attachments.manifest, 'session')
  return { host, session, ...attachments }
}

describe.each(['file', 'memory'] as const)('in a database of the host (%s)', where => {
  test('refs are committed with the transaction of the host', async () => {
    const { host, session, manifest } = await newHost(where)
    const ref = await session.put(Buffer.from('kept'), meta)
    host.transaction(() => {
      host.prepare('INSERT INTO turns VALUES (?)').run(JSON.stringify([ref]))
      manifest.commitRefsSync('session', [ref])
    })()
    expect(await manifest.lookup('session', ref.id)).toMatchObject({ committedAtEpochMs: expect.any(Number) })
  })

  test('refs are not committed when the transaction of the host rolls back', async () => {
    const { host, session, manifest } = await newHost(where)
    const ref = await session.put(Buffer.from('dropped'), meta)
    const turn = host.transaction(() => {
      host.prepare('INSERT INTO turns VALUES (?)').run(JSON.stringify([ref]))
      manifest.commitRefsSync('session', [ref])
      throw new Error('the turn failed')
    })
    expect(() => turn()).toThrow('the turn failed')
    expect(await manifest.lookup('session', ref.id)).not.toHaveProperty('committedAtEpochMs')
    expect(host.prepare('SELECT count(*) FROM turns').pluck().get()).toBe(0)
  })

  test('an expired ref throws at once, and the host may still commit the rest', async () => {
    const { host, session, manifest } = await newHost(where)
    const kept = await session.put(Buffer.from('kept'), meta)
    const gone = await session.put(Buffer.from('gone'), meta)
    await manifest.forget(gone.id)
    host.transaction(() => {
      host.prepare('INSERT INTO turns VALUES (?)').run('x')
      expect(() => manifest.commitRefsSync('session', [kept, gone])).toThrow(AttachmentIntentExpiredError)
      expect(() => manifest.commitRefsSync('session', ['nonsense'])).toThrow(/64 lower-case hex digits/)
    })()
    expect(host.prepare('SELECT count(*) FROM turns').pluck().get()).toBe(1)
    expect(await manifest.lookup('session', kept.id)).not.toHaveProperty('committedAtEpochMs')
  })

  test('outside of a transaction it commits by itself', async () => {
    const { session, manifest } = await newHost(where)
    const ref = await session.put(Buffer.from('kept'), meta)
    manifest.commitRefsSync('session', [ref])
    expect(await manifest.lookup('session', ref.id)).toMatchObject({ committedAtEpochMs: expect.any(Number) })
  })

  test('puts and intents wait for a transaction that the host keeps open, and are no part of it', async () => {
    const { host, session, store } = await newHost(where)
    host.exec('BEGIN IMMEDIATE')
    host.exec("INSERT INTO turns VALUES ('rolled back')")
    let done = false
    const puts = Promise.all([
      session.put(Buffer.from('small'), meta),
      session.put(Buffer.alloc(300_000), meta),
      session.put(Buffer.alloc(2_000_000), meta),
    ]).finally(() => {
      done = true
    })
    for (let turns = 0; turns < 50; turns++) await new Promise(resolve => setImmediate(resolve))
    expect(done).toBe(false)
    host.exec('ROLLBACK')
    for (const { id, byteLength } of await puts) expect((await store.get(id)).bytes.byteLength).toBe(byteLength)
    expect(host.prepare('SELECT count(*) FROM turns').pluck().get()).toBe(0)
  })
})
