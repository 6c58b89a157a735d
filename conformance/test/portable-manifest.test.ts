import { AttachmentInvalidArgumentError, AttachmentSchemaError, contentId } from '@lash/attachments-core'
import { PortableAttachmentManifest } from '@lash/attachments-core/backend'
import { describe, expect, test } from 'vitest'
import { MemoryManifestDriver, SharedMap } from './manifest-drivers/memory-driver.ts'

const endOfTime = Date.UTC(2200, 0)
const everything = { start: ' ', end: '~', limit: 1000 }

function idOf(name: string): string {
  return contentId(Buffer.from(name))
}

function intentFor(name: string, sessionId: string) {
  const attachmentId = idOf(name)
  return { attachmentId, sessionId, canonicalUri: `sha256:${attachmentId}`, byteLength: 1, intentAtEpochMs: 1000 }
}

describe('over a driver whose transactions are small', () => {
  const open = () => new PortableAttachmentManifest(new MemoryManifestDriver(new SharedMap(), 20))
  const sessions = Array.from({ length: 100 }, (_, number) => `session ${number}`)

  test('a commit of more refs than fit is refused, and says how many do', async () => {
    await using manifest = open()
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) await manifest.recordIntent(intentFor(name, 'session'))
    const ids = names.map(idOf)
    const refused = manifest.commitRefs('session', ids)
    await expect(refused).rejects.toThrow(/portable memory manifest commits at most 4 refs at once/)
    await expect(refused).rejects.toBeInstanceOf(AttachmentInvalidArgumentError)
    expect(await manifest.lookup('session', idOf('a'))).not.toHaveProperty('committedAtEpochMs')
    await manifest.commitRefs('session', ids.slice(1))
    await manifest.commitRefs('session', [...ids.slice(0, 2), ...ids.slice(0, 2)])
    expect(await manifest.lookup('session', idOf('a'))).toHaveProperty('committedAtEpochMs')
  })

  test('content with more refs than fit is claimed once all are old, and forgotten', async () => {
    await using manifest = open()
    for (const session of sessions) {
      await manifest.recordIntent(intentFor('x', session))
      await manifest.recordIntent(intentFor('y', session))
    }
    await manifest.commitRefs('session 50', [idOf('x')])
    const query = { olderThanEpochMs: endOfTime, limit: 10 }
    expect(await manifest.claimOrphans(query)).toMatchObject([{ attachmentId: idOf('y') }])
    expect(await manifest.lookup('session 50', idOf('x'))).toHaveProperty('committedAtEpochMs')
    expect(await manifest.lookup('session 51', idOf('x'))).toBeUndefined()
    for (const session of sessions) await manifest.recordIntent(intentFor('x', session))
    await manifest.forget(idOf('x'))
    expect(await Array.fromAsync(manifest.listRefs('session 50'))).toEqual([])
    expect(await manifest.recordIntent(intentFor('x', 'session'))).toBe(1)
  })

  test('a session with more refs than fit is released', async () => {
    await using manifest = open()
    const holders = sessions.map(holder => ({ ...intentFor('x', 'session'), holder }))
    for (const intent of holders) await manifest.recordIntent(intent)
    expect(await manifest.lookup('session', idOf('x'))).toMatchObject({ generation: 0 })
    await manifest.releaseRefs('session')
    const refs = await Array.fromAsync(manifest.listRefs('session'))
    expect(refs.filter(ref => ref.releasedAtEpochMs !== undefined)).toHaveLength(100)
  })

  test('a limit below 20 is refused', () => {
    const driver = new MemoryManifestDriver(new SharedMap(), 19)
    expect(() => new PortableAttachmentManifest(driver)).toThrow(AttachmentInvalidArgumentError)
  })
})

test('another layout is refused by every call, and nothing of it is changed', async () => {
  const driver = new MemoryManifestDriver()
  await using manifest = new PortableAttachmentManifest(driver)
  await manifest.recordIntent(intentFor('a', 'session'))
  await driver.apply({ reads: new Map(), writes: new Map([['layout', '2']]) })
  const before = await driver.scan(everything)
  const query = { olderThanEpochMs: endOfTime, limit: 1, staleClaimEpochMs: endOfTime }
  const calls = [
    () => manifest.recordIntent(intentFor('b', 'session')),
    () => manifest.commitRefs('session', [idOf('a')]),
    () => manifest.releaseRefs('session'),
    () => manifest.lookup('session', idOf('a')),
    () => Array.fromAsync(manifest.listRefs('session')),
    () => Array.fromAsync(manifest.listRefs('nobody')),
    () => Array.fromAsync(manifest.listUncommitted(endOfTime)),
    () => manifest.claimOrphans(query),
    () => manifest.claimBlobs([{ id: idOf('b'), generation: 0 }]),
    () => manifest.settleClaims([{ attachmentId: idOf('a'), generation: 0, token: 'x' }]),
    () => manifest.forget(idOf('a')),
  ]
  for (const call of calls) await expect(call()).rejects.toBeInstanceOf(AttachmentSchemaError)
  expect(await driver.scan(everything)).toEqual(before)
})

test('when everything is reclaimed and forgotten, only the layout, the floor and the fences of sessions are left', async () => {
  const driver = new MemoryManifestDriver()
  await using manifest = new PortableAttachmentManifest(driver, { tombstoneRetentionMs: 0 })
  for (const session of ['one', 'two', 'three']) {
    for (const name of ['a', 'b', 'c']) await manifest.recordIntent(intentFor(name, session))
    await manifest.commitRefs(session, [idOf('a')])
    await manifest.recordIntent({ ...intentFor('a', session), holder: 'draft' })
  }
  for (const session of ['one', 'two', 'three']) await manifest.releaseRefs(session)
  await manifest.claimOrphans({ olderThanEpochMs: endOfTime, limit: 1 })
  await manifest.recordIntent(intentFor('a', 'four'))
  await manifest.forget(idOf('c'))
  const takeovers = { olderThanEpochMs: endOfTime, limit: 10, staleClaimEpochMs: endOfTime }
  await manifest.settleClaims(await manifest.claimOrphans(takeovers))
  await manifest.settleClaims(await manifest.claimBlobs([{ id: idOf('stray'), generation: 7 }]))
  const left = (await driver.scan(everything)).map(([key]) => key).filter(key => !key.startsWith('w/'))
  expect(left).toEqual(['floor', 'layout'])
})

test('an error of the driver becomes the cause of one of ours, which shows no password', async () => {
  const cause = new Error('cannot reach redis://user:secret@host')
  class Broken extends MemoryManifestDriver {
    override async get(): Promise<never> {
      throw cause
    }
  }
  await using manifest = new PortableAttachmentManifest(new Broken())
  const lookup = manifest.lookup('session', idOf('a'))
  await expect(lookup).rejects.toMatchObject({ code: 'backend', cause })
  await expect(lookup).rejects.toThrow(/^lookup failed in the portable memory manifest: .*redis:\/\/\*\*\*@host$/)
})
