import assert from 'node:assert/strict'
import {
  type AttachmentIntent,
  AttachmentInvalidArgumentError,
  AttachmentManifestRecordError,
} from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { bytesOf, idOf } from '../../run/contents.ts'
import { rejectsWithReason, sameBytes } from '../../run/expect.ts'
import { collect, readAll } from '../../run/samples.ts'
import { failingWith, type Interceptor, type Interceptors } from '../interception.ts'
import { sessionGroup } from '../pair-under-test.ts'
import { textMeta } from '../test-session.ts'

/** A store that the manifest does not take for its own, so that the intent and the bytes are two steps. */
const inTwoSteps: Interceptors = { put: call => call() }

function rejectsForIntent(put: Promise<unknown>, cause: unknown): Promise<void> {
  return assert.rejects(put, error => {
    assert.ok(AttachmentManifestRecordError.isInstance(error), `not AttachmentManifestRecordError: ${error}`)
    assert.equal(error.cause, cause)
    return true
  })
}

export const writingCases: readonly SessionCase[] = sessionGroup('put', {
  'round-trip': {
    title: 'what a session puts it reads back, with a ref that says what it is and has no generation when that is 0',
    async run({ session }) {
      const writing = session()
      const meta = { mediaType: 'image/png', width: 2, height: 3, label: 'Übersicht 🗺.png' }
      const ref = await writing.putText('a', meta)
      const expected = { id: idOf('a'), byteLength: 1, ...meta }
      assert.deepEqual(ref, expected)
      assert.deepEqual(await writing.get(ref.id), { meta: expected, bytes: bytesOf('a') })
      assert.deepEqual(await writing.stat(ref.id), expected)
      const { meta: streamed, body } = await writing.stream(ref.id)
      assert.deepEqual(streamed, expected)
      sameBytes(await readAll(body), bytesOf('a'), 'stream')
    },
  },
  'intent-first': {
    title: 'the intent is recorded before a byte is written',
    async run({ store, manifest, stall }) {
      const put = await stall('before put', pair => pair.session().putText('a'))
      const entry = await manifest.lookup('session', idOf('a'))
      assert.deepEqual(entry?.meta, textMeta, 'the manifest knows of the put that is about to be made')
      assert.deepEqual(await collect(store.list()), [])
      await put.goOn()
    },
  },
  'failing-intent': {
    title: 'a put whose intent fails stores nothing, and its error says so and has the cause',
    async run({ store, manifest, intercepted }) {
      const cause = new Error('the manifest is down')
      const writing = intercepted({ ...inTwoSteps, recordIntent: failingWith(cause) }).session()
      await rejectsForIntent(writing.putText('a'), cause)
      assert.deepEqual(await collect(store.list()), [])
      assert.deepEqual(writing.pendingRefs(), [])
      assert.equal(await manifest.lookup('session', idOf('a')), undefined)
    },
  },
  'failing-intent-and-put': {
    title: 'an intent that fails together with its bytes, in one transaction, fails as an intent alone does',
    async run({ store, manifest, intercepted }) {
      const cause = new Error('the database is down')
      const writing = intercepted({ recordIntentAndPut: failingWith(cause) }).session()
      await rejectsForIntent(writing.putText('a'), cause)
      assert.deepEqual(await collect(store.list()), [])
      assert.deepEqual(writing.pendingRefs(), [])
      assert.equal(await manifest.lookup('session', idOf('a')), undefined)
    },
  },
  'intent-without-bytes': {
    title: 'bytes that the transaction of the intent did not write are put after it, and fail as bytes do',
    async run({ manifest, intercepted }) {
      const recordIntentAndPut: Interceptor = async (_, [, intent]) => ({
        generation: await manifest.recordIntent(intent as AttachmentIntent),
        isPut: false,
      })
      const writing = intercepted({ recordIntentAndPut }).session()
      await writing.hold('a')
      await writing.mustRead('a', 'put in a second step')
      const cause = new Error('the disk is full')
      const failing = intercepted({ recordIntentAndPut, put: failingWith(cause) }).session()
      await rejectsWithReason(failing.putText('b'), cause, 'put')
      assert.deepEqual(failing.pendingRefs(), [])
    },
  },
  'failing-write': {
    title: 'a put whose bytes could not be written is not pending, and a sweep removes its intent',
    async run({ manifest, session, sweep, intercepted }) {
      const cause = new Error('the disk is full')
      const writing = intercepted({ put: failingWith(cause) }).session()
      await rejectsWithReason(writing.putText('a'), cause, 'put')
      assert.deepEqual(writing.pendingRefs(), [])
      assert.deepEqual(writing.pendingManifestCommitIds(), [])
      assert.deepEqual(await writing.commit(), [])
      await sweep()
      assert.deepEqual(await collect(manifest.listRefs('session')), [])
      await session().hold('a')
    },
  },
  'failing-source': {
    title: "a put whose source fails midway rejects with the source's error, and leaves no intent and no bytes",
    async run({ store, manifest, session }) {
      const cause = new Error('the upload broke off')
      async function* source() {
        yield bytesOf('half')
        throw cause
      }
      await rejectsWithReason(session().put(source(), textMeta), cause, 'put')
      assert.deepEqual(await collect(store.list()), [])
      assert.deepEqual(await collect(manifest.listRefs('session')), [])
    },
  },
  'bad-arguments': {
    title: 'bad metadata, and a generation, which only the manifest gives, are refused before anything is recorded',
    async run({ store, manifest, session }) {
      const writing = session()
      const isInvalid = (error: unknown) => AttachmentInvalidArgumentError.isInstance(error)
      await assert.rejects(writing.putText('a', { mediaType: 'nonsense' }), isInvalid)
      await assert.rejects(writing.put(bytesOf('a'), textMeta, { generation: 0 }), isInvalid)
      await assert.rejects(writing.put('text' as never, textMeta), isInvalid)
      assert.deepEqual(await collect(store.list()), [])
      assert.deepEqual(await collect(manifest.listRefs('session')), [])
    },
  },
  'shared-bytes': {
    title: 'the same bytes of two sessions are stored once',
    async run({ session, blobs }) {
      const [first, second] = [session('first'), session('second')]
      await Promise.all([first.putText('a'), second.putText('a'), first.putText('a')])
      assert.deepEqual(await blobs(), ['a'])
      await Promise.all([first.commit(), second.commit()])
      await first.mustRead('a', 'first')
      await second.mustRead('a', 'second')
    },
  },
  'next-generation': {
    title: 'bytes put again after a sweep go to the next generation, and are read from there',
    async run({ session, sweep, blobs }) {
      const writing = session()
      await writing.putText('a')
      await sweep()
      await writing.mustNotFind('a', 'after the sweep')
      const ref = await writing.hold('a')
      assert.equal(ref.generation, 1)
      assert.deepEqual(await blobs(), ['a@1'])
      await writing.mustRead('a', 'at generation 1')
      assert.equal((await writing.get(ref.id, { generation: 1 })).bytes.byteLength, 1)
      await assert.rejects(writing.get(ref.id, { generation: 0 }), 'it holds no ref to generation 0')
    },
  },
  'prepared-content': {
    title: 'prepared content can be put many times, also by several sessions',
    async run({ session }) {
      const [first, second] = [session('first'), session('second')]
      const bytes = new Uint8Array(2_500_000).fill(5)
      const content = await first.prepare(new Blob([bytes]).stream())
      try {
        await Promise.all([first, second, first].map(writing => writing.put(content, textMeta)))
      } finally {
        await content[Symbol.asyncDispose]()
      }
      await Promise.all([first.commit(), second.commit()])
      sameBytes((await second.get(content.id)).bytes, bytes, 'get')
    },
  },
  aborted: {
    title: 'a put whose signal aborts rejects with the reason and leaves nothing pending',
    async run({ store, intercepted, sweep }) {
      const stop = intercepted(inTwoSteps).stoppable('before recordIntent')
      const writing = stop.session()
      const reason = new Error('changed my mind')
      const already = writing.put(bytesOf('a'), textMeta, { signal: AbortSignal.abort(reason) })
      await rejectsWithReason(already, reason, 'aborted before the call')
      const abort = new AbortController()
      const put = await stop.stallThere(() => writing.put(bytesOf('a'), textMeta, { signal: abort.signal }))
      abort.abort(reason)
      await rejectsWithReason(put.goOn(), reason, 'aborted midway')
      assert.deepEqual(writing.pendingRefs(), [])
      assert.deepEqual(await collect(store.list()), [])
      await sweep()
    },
  },
})
