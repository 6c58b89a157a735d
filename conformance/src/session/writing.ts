import assert from 'node:assert/strict'
import { AttachmentInvalidArgumentError, AttachmentManifestRecordError } from '@lash/attachments-core'
import { caseGroup, type SessionCase } from '../case.ts'
import { intercepted, stoppedBefore } from './gates.ts'
import {
  assertAbsent,
  assertReads,
  blobsOf,
  bytesOf,
  collected,
  drained,
  gateOf,
  hold,
  idOf,
  inBackground,
  noGrace,
  put,
  sessionOf,
  sweep,
  textMeta,
} from './steps.ts'

export const writingCases: readonly SessionCase[] = caseGroup('session', 'put', [
  {
    name: 'round-trip',
    title: 'what a session puts it reads back, with a ref that says what it is and no generation when that is 0',
    async run(context) {
      const session = sessionOf(await context.create(), 'session')
      const meta = { mediaType: 'image/png', width: 2, height: 3, label: 'Übersicht 🗺.png' }
      const ref = await session.put(bytesOf('a'), meta)
      assert.deepEqual(ref, { id: idOf('a'), byteLength: 1, ...meta })
      const expected = { id: idOf('a'), byteLength: 1, ...meta }
      assert.deepEqual(await session.get(ref.id), { meta: expected, bytes: bytesOf('a') })
      assert.deepEqual(await session.stat(ref.id), expected)
      const { meta: streamed, body } = await session.stream(ref.id)
      assert.deepEqual(streamed, expected)
      assert.equal(await drained(body), 'a')
    },
  },
  {
    name: 'intent-first',
    title: 'the intent is recorded before a byte is written',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const session = sessionOf({ store: stoppedBefore(store, 'put', gate), manifest }, 'session')
      const putting = inBackground(put(session, 'a'))
      await gate.reached
      const entry = await manifest.lookup('session', idOf('a'))
      assert.deepEqual(entry?.meta, textMeta, 'the manifest knows of the put that is about to be made')
      assert.deepEqual(await collected(store.list()), [])
      gate.open()
      await putting
    },
  },
  {
    name: 'failing-intent',
    title: 'an intent that fails means that nothing is put, and the error says so with its cause',
    async run(context) {
      const { store, manifest } = await context.create()
      const cause = new Error('the manifest is down')
      const down = intercepted(manifest, { recordIntent: () => Promise.reject(cause) })
      // Through a store that the manifest does not take for its own, so that intent and bytes are two steps.
      const session = sessionOf({ store: intercepted(store, {}), manifest: down }, 'session')
      await assert.rejects(put(session, 'a'), error => {
        assert.ok(AttachmentManifestRecordError.isInstance(error), `not AttachmentManifestRecordError: ${error}`)
        assert.equal(error.cause, cause)
        return true
      })
      assert.deepEqual(await collected(store.list()), [])
      assert.deepEqual(session.pendingRefs(), [])
      assert.equal(await manifest.lookup('session', idOf('a')), undefined)
    },
  },
  {
    name: 'failing-write',
    title: 'a put whose bytes could not be written is not pending, and a sweep clears its intent away',
    async run(context) {
      const { store, manifest } = await context.create()
      const cause = new Error('the disk is full')
      const full = intercepted(store, { put: () => Promise.reject(cause) })
      const session = sessionOf({ store: full, manifest }, 'session')
      await assert.rejects(put(session, 'a'), error => error === cause)
      assert.deepEqual(session.pendingRefs(), [])
      assert.deepEqual(session.pendingManifestCommitIds(), [])
      assert.deepEqual(await session.commit(), [])
      await sweep({ store, manifest })
      assert.deepEqual(await collected(manifest.listRefs('session')), [])
      await hold(sessionOf({ store, manifest }, 'session'), 'a')
    },
  },
  {
    name: 'failing-source',
    title: 'a stream that fails midway leaves no intent and no bytes, and its own error comes through',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      const cause = new Error('the upload broke off')
      const source = async function* () {
        yield bytesOf('half')
        throw cause
      }
      await assert.rejects(session.put(source(), textMeta), error => error === cause)
      assert.deepEqual(await collected(store.list()), [])
      assert.deepEqual(await collected(manifest.listRefs('session')), [])
    },
  },
  {
    name: 'bad-arguments',
    title: 'bad metadata, and a generation, which the manifest alone gives, are refused before anything is recorded',
    async run(context) {
      const { store, manifest } = await context.create()
      const session = sessionOf({ store, manifest }, 'session')
      const refused = (error: unknown) => AttachmentInvalidArgumentError.isInstance(error)
      await assert.rejects(session.put(bytesOf('a'), { mediaType: 'nonsense' }), refused)
      await assert.rejects(session.put(bytesOf('a'), textMeta, { generation: 0 }), refused)
      await assert.rejects(session.put('text' as never, textMeta), refused)
      assert.deepEqual(await collected(store.list()), [])
      assert.deepEqual(await collected(manifest.listRefs('session')), [])
    },
  },
  {
    name: 'shared-bytes',
    title: 'the same bytes of two sessions are stored once',
    async run(context) {
      const pair = await context.create()
      const first = sessionOf(pair, 'first')
      const second = sessionOf(pair, 'second')
      await Promise.all([put(first, 'a'), put(second, 'a'), put(first, 'a')])
      assert.deepEqual(await blobsOf(pair.store, ['a']), ['a'])
      await Promise.all([first.commit(), second.commit()])
      await assertReads(first, 'a', 'first')
      await assertReads(second, 'a', 'second')
    },
  },
  {
    name: 'next-generation',
    title: 'bytes put again after a sweep go to the next generation, and read back from there',
    async run(context) {
      const pair = await context.create()
      const session = sessionOf(pair, 'session')
      await put(session, 'a')
      await sweep(pair)
      await assertAbsent(session, idOf('a'), 'after the sweep')
      const ref = await put(session, 'a')
      assert.equal(ref.generation, 1)
      await session.commit()
      assert.deepEqual(await blobsOf(pair.store, ['a']), ['a.1'])
      await assertReads(session, 'a', 'at generation 1')
      assert.equal((await session.get(ref.id, { generation: 1 })).bytes.byteLength, 1)
      await assert.rejects(session.get(ref.id, { generation: 0 }), 'it holds no ref to generation 0')
    },
  },
  {
    name: 'prepared-content',
    title: 'content that was prepared is put as often as wanted, by several sessions',
    async run(context) {
      const pair = await context.create()
      const first = sessionOf(pair, 'first')
      const second = sessionOf(pair, 'second')
      const bytes = new Uint8Array(2_500_000).fill(5)
      const content = await first.prepare(new Blob([bytes]).stream())
      try {
        await Promise.all([first.put(content, textMeta), second.put(content, textMeta), first.put(content, textMeta)])
      } finally {
        await content[Symbol.asyncDispose]()
      }
      await Promise.all([first.commit(), second.commit()])
      const { bytes: read } = await second.get(content.id)
      assert.equal(Buffer.compare(read, bytes), 0)
    },
  },
  {
    name: 'aborted',
    title: 'a put with an aborted signal rejects with its reason and leaves nothing pending',
    async run(context) {
      const { store, manifest } = await context.create()
      const gate = gateOf(context)
      const stopped = stoppedBefore(manifest, 'recordIntent', gate)
      const session = sessionOf({ store: intercepted(store, {}), manifest: stopped }, 'session')
      const reason = new Error('changed my mind')
      const controller = new AbortController()
      const aborted = session.put(bytesOf('a'), textMeta, { signal: AbortSignal.abort(reason) })
      await assert.rejects(aborted, error => error === reason)
      const putting = inBackground(session.put(bytesOf('a'), textMeta, { signal: controller.signal }))
      const rejected = inBackground(assert.rejects(putting, error => error === reason))
      await gate.reached
      controller.abort(reason)
      gate.open()
      await rejected
      assert.deepEqual(session.pendingRefs(), [])
      assert.deepEqual(await collected(store.list()), [])
      const swept = manifest.claimOrphans({ olderThanEpochMs: noGrace, limit: 10 })
      await manifest.settleClaims(await swept)
    },
  },
])
