import { execFile } from 'node:child_process'
import { tracingChannel } from 'node:diagnostics_channel'
import { promisify } from 'node:util'
import {
  AttachmentCorruptError,
  type AttachmentDriver,
  type AttachmentEvents,
  AttachmentNotFoundError,
  contentId,
  reclaimOrphanedAttachments,
  reclaimUnreferencedAttachments,
  SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import { InMemoryAttachmentManifest, InMemoryAttachmentStore } from '@lash/attachments-memory'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { expect, onTestFinished, test } from 'vitest'

const text = { mediaType: 'text/plain' }
const bytes = new TextEncoder().encode('some bytes')
const id = contentId(bytes)

/** What is published on a channel until the test is over: each event with its stages. */
function heard<Name extends keyof AttachmentEvents>(name: Name) {
  const events = new Map<AttachmentEvents[Name], string[]>()
  const stages = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
  const note = (stage: string) => (event: object) => {
    const known = event as AttachmentEvents[Name]
    events.set(known, [...(events.get(known) ?? []), stage])
  }
  const channel = tracingChannel<unknown, object>(`lash-attachments:${name}`)
  const subscribers = Object.fromEntries(stages.map(stage => [stage, note(stage)])) as unknown as Parameters<
    typeof channel.subscribe
  >[0]
  channel.subscribe(subscribers)
  onTestFinished(() => void channel.unsubscribe(subscribers))
  return {
    events: () => [...events.keys()],
    stages: () => [...events.values()].map(list => list.join(' ')),
  }
}

const wentWell = 'start end asyncStart asyncEnd'
const wentWrong = 'start end error asyncStart asyncEnd'

function memory() {
  class OpenStore extends InMemoryAttachmentStore {
    declare readonly driver: AttachmentDriver
  }
  const [store, manifest] = [new OpenStore(), new InMemoryAttachmentManifest()]
  onTestFinished(() => store.close())
  onTestFinished(() => manifest.close())
  return { store, manifest, driver: store.driver }
}

async function readAll(body: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(body).text()
}

test('a put and a get of a store are an event each, with what they resolve with', async () => {
  const { store } = memory()
  const [puts, gets] = [heard('put'), heard('get')]
  const ref = await store.put(bytes, text)
  expect(puts.events()).toEqual([{ store, result: ref }])
  const found = await store.get(id)
  expect(gets.events()).toEqual([{ store, id, result: found }])
  expect([...puts.stages(), ...gets.stages()]).toEqual([wentWell, wentWell])
})

test('what a session does is one event of the session, and none of the store', async () => {
  const { store, manifest } = memory()
  const [puts, gets, commits] = [heard('put'), heard('get'), heard('commit')]
  const session = new SessionScopedAttachmentStore(store, manifest, 's', { holder: 'h' })
  const ref = await session.put(bytes, text)
  await session.get(id)
  await readAll((await session.stream(id)).body)
  await session.commit()
  await session.commit()
  expect(puts.events()).toMatchObject([{ store: { sessionId: 's', holder: 'h' }, result: ref }])
  expect(gets.events()).toMatchObject([
    { id, result: { bytes } },
    { id, readByteLength: bytes.byteLength },
  ])
  expect(commits.events()).toMatchObject([{ refs: [ref], inTransaction: false }])
  for (const event of [...puts.events(), ...gets.events(), ...commits.events()]) expect(event.store).toBe(session)
  expect(puts.events()[0]?.store.inner).toBe(store)
  expect([...puts.stages(), ...gets.stages(), ...commits.stages()]).toEqual(Array(4).fill(wentWell))
})

test('a put whose intent and bytes are one transaction is an event too', async () => {
  const puts = heard('put')
  await using opened = openSqliteAttachments(':memory:')
  const session = new SessionScopedAttachmentStore(opened.store, opened.manifest, 's')
  const ref = await session.put(bytes, text)
  expect(puts.events()).toMatchObject([{ store: { sessionId: 's' }, result: ref }])
})

test('a call that rejects is an event with its error', async () => {
  const { store, manifest } = memory()
  const [puts, gets, commits, sweeps] = [heard('put'), heard('get'), heard('commit'), heard('sweep')]
  const session = new SessionScopedAttachmentStore(store, manifest, 's')
  const down = new Error('the manifest is down')
  const fails = () => Promise.reject(down)
  Object.assign(manifest, { recordIntent: fails, commitRefs: fails, claimOrphans: fails })
  await expect(session.put(bytes, text)).rejects.toMatchObject({ code: 'manifest_record', cause: down })
  await expect(session.get(id)).rejects.toThrow(AttachmentNotFoundError)
  await expect(store.stream('no id')).rejects.toThrow(AttachmentNotFoundError)
  await expect(session.commit({ refs: [{ id, byteLength: 10, ...text }] })).rejects.toBe(down)
  await expect(reclaimOrphanedAttachments(manifest, store, 0)).rejects.toBe(down)
  expect(puts.events()).toMatchObject([{ error: { code: 'manifest_record' } }])
  expect(gets.events()).toMatchObject([
    { id, error: { code: 'not_found' } },
    { id: 'no id', error: { code: 'not_found' } },
  ])
  expect([...commits.events(), ...sweeps.events()]).toMatchObject([{ error: down }, { error: down }])
  for (const channel of [puts, gets, commits, sweeps]) for (const all of channel.stages()) expect(all).toBe(wentWrong)
})

test('an audit that refuses is an event with its error, and one of deletes that fail tells of these', async () => {
  const { store, manifest } = memory()
  for (let nth = 0; nth < 10; nth++) await store.put(Uint8Array.of(nth), text)
  const [sweeps, audits] = [heard('sweep'), heard('audit')]
  const session = new SessionScopedAttachmentStore(store, manifest, 's')
  await session.put(bytes, text)
  const error = await reclaimUnreferencedAttachments(manifest, store, Number.MAX_SAFE_INTEGER).catch(refused => refused)
  expect(error).toMatchObject({ code: 'audit_refused', message: expect.stringContaining('new, restored, of another') })
  expect(audits.events()).toMatchObject([{ store, manifest, error }])
  expect(audits.stages()).toEqual([wentWrong])
  const down = new Error('the disk is read-only')
  Object.assign(store, { delete: () => Promise.reject(down) })
  await session.release()
  await reclaimOrphanedAttachments(manifest, store, Number.MAX_SAFE_INTEGER)
  expect(sweeps.events()).toMatchObject([{ result: { reclaimedCount: 0, failures: [{ id, error: down }] } }])
  expect(sweeps.stages()).toEqual([wentWell])
})

test('a commit with the client of a host says that it is part of a transaction', async () => {
  const { store, manifest } = memory()
  const commits = heard('commit')
  const session = new SessionScopedAttachmentStore(store, manifest, 's')
  const ref = await session.put(bytes, text)
  // This manifest joins no transaction.
  await expect(session.commit({ client: {} })).rejects.toMatchObject({ code: 'invalid_argument' })
  expect(commits.events()).toMatchObject([{ refs: [ref], inTransaction: true, error: { code: 'invalid_argument' } }])
})

test('a stream has ended when its body was read or cancelled, and not before', async () => {
  const { store } = memory()
  await store.put(bytes, text)
  const gets = heard('get')
  const [read, part, cancelled] = [await store.stream(id), await store.stream(id, { end: 4 }), await store.stream(id)]
  expect(gets.stages()).toEqual(Array(3).fill('start end'))
  expect([await readAll(read.body), await readAll(part.body)]).toEqual(['some bytes', 'some'])
  await cancelled.body.cancel()
  expect(gets.events()).toMatchObject([{ readByteLength: 10 }, { readByteLength: 4 }, { readByteLength: 0 }])
  expect(gets.stages()).toEqual(Array(3).fill(wentWell))
})

test('a stream of damaged bytes fails in its event as it does for its reader', async () => {
  const { store, driver } = memory()
  await store.put(bytes, text)
  const read = driver.read.bind(driver)
  driver.read = async (...args) => {
    const found = await read(...args)
    return found && { ...found, body: new TextEncoder().encode('Some bytes') }
  }
  const gets = heard('get')
  await expect(readAll((await store.stream(id)).body)).rejects.toThrow(AttachmentCorruptError)
  expect(gets.events()).toMatchObject([{ id, error: { code: 'corrupt' } }])
  expect(gets.stages()).toEqual([wentWrong])
})

test('a body that nobody reads fails at once when its signal aborts, and so does its event', async () => {
  const { store } = memory()
  await store.put(bytes, text)
  const gets = heard('get')
  const abort = new AbortController()
  const { body } = await store.stream(id, { signal: abort.signal })
  const reader = body.getReader()
  const reason = new Error('enough')
  abort.abort(reason)
  await expect(reader.closed).rejects.toBe(reason)
  expect(gets.events()).toMatchObject([{ id, readByteLength: 0, error: reason }])
})

test('a sweep and an audit are an event each, with their reports', async () => {
  const { store, manifest } = memory()
  const [sweeps, audits] = [heard('sweep'), heard('audit')]
  const swept = await reclaimOrphanedAttachments(manifest, store, 5)
  const audited = await reclaimUnreferencedAttachments(manifest, store, 7, { dryRun: true })
  expect(sweeps.events()).toEqual([{ manifest, store, olderThanEpochMs: 5, options: {}, result: swept }])
  expect(audits.events()).toEqual([
    { manifest, store, olderThanEpochMs: 7, options: { dryRun: true }, result: audited },
  ])
  expect([...sweeps.stages(), ...audits.stages()]).toEqual([wentWell, wentWell])
})

test('core loads and works where there are no such channels', async () => {
  const program = `
    delete globalThis.process.getBuiltinModule
    const { InMemoryAttachmentStore } = await import('@lash/attachments-memory')
    const store = new InMemoryAttachmentStore()
    const { id } = await store.put(Uint8Array.of(1, 2), { mediaType: 'image/png' })
    const { bytes } = await store.get(id)
    const { body } = await store.stream(id)
    console.log(process.getBuiltinModule, ...bytes, (await new Response(body).bytes()).length)
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program])
  expect(stdout.trim()).toBe('undefined 1 2 2')
})
