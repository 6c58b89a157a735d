import { AttachmentIntentExpiredError, contentId, SessionScopedAttachmentStore } from '@lash/attachments-core'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { newPath } from '../folder.ts'
import { intentOf } from '../intent.ts'

const idAt = (index: number) => contentId(Buffer.from(`body ${index}`))
const isCommitted = (entry: object | undefined) => entry !== undefined && 'committedAtEpochMs' in entry

function newHost(path: string) {
  const host = new Database(path)
  host.exec('CREATE TABLE turns (refs TEXT)')
  const attachments = openSqliteAttachments({ database: host })
  onTestFinished(async () => {
    await attachments.close()
    host.close()
  })
  return { host, ...attachments }
}

describe.each([['file'], ['memory']])('in the transaction of a host (%s)', where => {
  test('a commit concerns one holder', async () => {
    const { host, manifest, store } = newHost(where === 'file' ? newPath() : ':memory:')
    const session = new SessionScopedAttachmentStore(store, manifest, 's')
    const message = session.withHolder('message 1')
    const ref = await message.put(Buffer.from('shown'), { mediaType: 'text/plain' })
    await session.withHolder('draft').put(Buffer.from('shown'), { mediaType: 'text/plain' })
    const turn = (holder: string | undefined) => {
      host.prepare('INSERT INTO turns VALUES (?)').run(JSON.stringify([ref]))
      manifest.commitRefsSync('s', [ref], { holder })
    }
    expect(() => host.transaction(turn)(undefined)).toThrow(AttachmentIntentExpiredError)
    expect(() => host.transaction(turn)('message 2')).toThrow(AttachmentIntentExpiredError)
    expect(() => host.transaction(turn)('lone \ud800 surrogate')).toThrow('holder')
    expect(host.prepare('SELECT count(*) FROM turns').pluck().get()).toBe(0)

    host.transaction(turn)('message 1')
    expect(isCommitted(await manifest.lookup('s', ref.id, { holder: 'message 1' }))).toBe(true)
    expect(isCommitted(await manifest.lookup('s', ref.id, { holder: 'draft' }))).toBe(false)
  })
})

// Many are committed and released on the writer thread, and listed in several pages.
test.each([3, 1500])('%i refs of each of three holders are listed once, committed and released apart', async count => {
  const { manifest, close } = openSqliteAttachments(newPath())
  onTestFinished(() => close())
  const holders = ['', 'draft', 'message \u{1f9d1}']
  const ids = Array.from({ length: count }, (_, index) => idAt(index))
  await Promise.all(
    // In turns, so that the pages of one holder are no neighbours on the disk.
    ids.flatMap(id => holders.map(holder => manifest.recordIntent(intentOf(id, 's', { holder })))),
  )
  const listed = (holder?: string) => Array.fromAsync(manifest.listRefs('s', { holder }))
  const names = (await listed()).map(({ holder, attachmentId }) => `${holder}/${attachmentId}`)
  expect(names.sort()).toEqual(holders.flatMap(holder => ids.map(id => `${holder}/${id}`)).sort())

  await manifest.commitRefs('s', ids, { holder: 'draft' })
  for (const holder of holders) {
    const entries = await listed(holder)
    expect(entries.map(({ attachmentId }) => attachmentId).sort()).toEqual([...ids].sort())
    expect(entries.every(entry => entry.holder === holder)).toBe(true)
    expect(entries.filter(isCommitted)).toHaveLength(holder === 'draft' ? count : 0)
  }

  const live = async () => (await listed()).filter(entry => entry.releasedAtEpochMs === undefined)
  const liveOf = async (holder: string) => (await live()).filter(entry => entry.holder === holder).length
  await manifest.releaseRefs('s', ids.slice(1), { holder: '' })
  expect([await liveOf(''), await liveOf('draft'), await liveOf('message \u{1f9d1}')]).toEqual([1, count, count])
  await manifest.releaseRefs('s', undefined, { holder: 'draft' })
  expect([await liveOf(''), await liveOf('draft'), await liveOf('message \u{1f9d1}')]).toEqual([1, 0, count])
  await manifest.releaseRefs('s', ids.slice(1))
  expect(await live()).toHaveLength(2)
  await manifest.releaseRefs('s')
  expect(await live()).toEqual([])
})

test('what uncommitted content each holder has is listed, across pages', async () => {
  const { manifest, close } = openSqliteAttachments(newPath())
  onTestFinished(() => close())
  const holders = Array.from({ length: 700 }, (_, index) => `message ${index}`)
  const [kept, old] = [idAt(0), idAt(1)]
  await Promise.all(
    [kept, old].flatMap(id => holders.map(holder => manifest.recordIntent(intentOf(id, 's', { holder })))),
  )
  await manifest.commitRefs('s', [kept], { holder: 'message 5' })
  const found = (await Array.fromAsync(manifest.listUncommitted(1000))).map(entry => {
    expect(entry.attachmentId).toBe(old)
    return entry.holder
  })
  expect(found.sort()).toEqual([...holders].sort())
})
