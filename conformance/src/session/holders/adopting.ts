import assert from 'node:assert/strict'
import { AttachmentManifestRecordError } from '@lash/attachments-core'
import type { SessionCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { rejectsWith, rejectsWithReason } from '../../run/expect.ts'
import { collect } from '../../run/samples.ts'
import { failingWith, noting } from '../interception.ts'
import { sessionGroup } from '../pair-under-test.ts'
import { refsTo } from '../test-session.ts'

const meta = { mediaType: 'image/png', width: 2, height: 3, label: 'a.png' }

export const adoptionCases: readonly SessionCase[] = sessionGroup('adopt', {
  'no-bytes': {
    title: 'to adopt reads and writes no bytes, within a session and from another, for one content and for many',
    async run({ session, intercepted }) {
      const texts = numbered('text', 70)
      const uploading = session('session', 'draft')
      await Promise.all(texts.map(text => uploading.putText(text)))
      await uploading.commit()
      const calls: string[] = []
      const pair = intercepted(noting(calls, 'put', 'get', 'stream', 'recordIntentAndPut'))
      const [draft, message, fork] = [
        pair.session('session', 'draft'),
        pair.session('session', 'message'),
        pair.session('fork'),
      ]
      await message.take(draft, 'text 0')
      const refs = await collect(pair.session().list())
      await fork.adopt(refsTo(...texts), pair.session())
      assert.equal((await fork.commit()).length, refs.length)
      assert.deepEqual(calls, [])
      await fork.mustRead('text 69', 'adopted')
      await message.mustRead('text 0', 'adopted')
      assert.deepEqual(await fork.texts(), texts.sort())
    },
  },
  'outlives-its-source': {
    title: 'what is adopted and committed stays when the source lets it go, until the adopter does',
    async run({ session, sweep, blobs }) {
      const [draft, message, fork] = [session('session', 'draft'), session('session', 'message'), session('fork')]
      await draft.hold('a')
      await message.take(draft, 'a')
      await draft.release()
      await sweep()
      await message.mustRead('a', 'after the draft is gone')
      await fork.take(message, 'a')
      await session().release()
      await sweep()
      await message.mustNotFind('a', 'released for the whole session')
      await fork.mustRead('a', 'after the session is gone')
      await fork.release()
      await sweep()
      assert.deepEqual(await blobs(), [])
    },
  },
  pending: {
    title: 'what is adopted is pending in the adopting view, by ref and by bare id, and an orphan until it commits',
    async run({ session, sweep, blobs }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      const ref = await draft.hold('a', meta)
      assert.deepEqual(await message.adopt([ref], draft), [ref])
      assert.deepEqual(message.pendingRefs(), [ref])
      assert.deepEqual(message.pendingIdTexts(), ['a'])
      assert.deepEqual(draft.pendingRefs(), [])
      assert.ok(!(await message.isCommitted('a')))
      await draft.release()
      await sweep()
      assert.deepEqual(await blobs(), [])
      await message.mustRefuse('a')
    },
  },
  'carries-metadata': {
    title: 'what is adopted has the metadata that the source shows, not what the caller says',
    async run({ session }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      await session().hold('a', { mediaType: 'text/plain', label: 'of no holder' })
      const ref = await draft.hold('a', meta)
      await message.take(draft, 'a')
      assert.deepEqual(await message.ref(idOf('a')), ref)
      assert.deepEqual((await message.get(idOf('a'))).meta, ref)
      await draft.release()
      assert.deepEqual(await message.ref(idOf('a')), ref)
      const fork = session('fork')
      await fork.take(message, 'a')
      assert.deepEqual(await fork.ref(idOf('a')), ref)
    },
  },
  'at-its-generation': {
    title: 'content at a later generation is adopted at that generation',
    async run({ session, sweep, blobs }) {
      const [draft, fork] = [session('session', 'draft'), session('fork')]
      await draft.putText('a')
      await sweep()
      const ref = await draft.hold('a')
      assert.ok((ref.generation ?? 0) > 0)
      assert.deepEqual(await fork.take(draft, 'a'), [ref])
      await draft.release()
      await sweep()
      await fork.mustRead('a', 'adopted')
      assert.equal((await blobs()).length, 1)
    },
  },
  'of-what-is-pending': {
    title: 'what the source has put and not committed can be adopted, and committed by either alone',
    async run({ session, sweep }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      for (const text of ['a', 'b']) await draft.putText(text)
      await message.take(draft, 'a', 'b')
      await sweep()
      for (const text of ['a', 'b']) await message.mustRead(text, 'committed by the adopter')
      await draft.mustRead('a', 'as anything of its session')
    },
  },
  again: {
    title: 'to adopt what the adopter has already, or one content twice, changes nothing that it has committed',
    async run({ session, manifest, sweep }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      await draft.hold('a', meta)
      await message.hold('a', { mediaType: 'text/plain', label: 'own' })
      const before = await message.ref(idOf('a'))
      assert.equal((await message.adopt(refsTo('a', 'a'), draft)).length, 2)
      assert.ok(await message.isCommitted('a'))
      assert.deepEqual(await message.ref(idOf('a')), before)
      await message.commit()
      await draft.adopt(refsTo('a'), draft)
      assert.ok(await draft.isCommitted('a'))
      await sweep()
      assert.equal((await collect(manifest.listRefs('session'))).length, 2)
    },
  },
  'not-held': {
    title: 'what the source does not hold cannot be adopted: to know an id is not enough',
    async run({ manifest, session, sweep, putStray }) {
      const [owner, stranger, thief] = [session('owner', 'draft'), session('stranger'), session('thief')]
      await owner.hold('secret')
      await owner.hold('released')
      await owner.release([idOf('released')])
      await owner.putText('swept')
      await sweep()
      await putStray('stray')
      const tries = [
        () => thief.adopt(refsTo('secret'), stranger),
        () => thief.adopt(refsTo('secret'), thief),
        () => thief.adopt(refsTo('released'), owner),
        () => thief.adopt(refsTo('swept'), owner),
        () => thief.adopt(refsTo('stray'), owner),
        () => thief.adopt([{ id: '../x', byteLength: 1, mediaType: 'text/plain' }], owner),
      ]
      for (const [index, adopt] of tries.entries()) await rejectsWith(adopt(), 'not_found', `try ${index}`)
      assert.deepEqual(await collect(manifest.listRefs('thief')), [], 'nothing was recorded')
      assert.deepEqual(thief.pendingRefs(), [])
      await thief.mustNotFind('secret', 'held by another session')
    },
  },
  'one-not-held': {
    title: 'when one of several refs cannot be adopted none is pending, and what was pending before still is',
    async run({ session, sweep, blobs }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      for (const text of ['a', 'b']) await draft.hold(text)
      await message.putText('own')
      await rejectsWith(message.adopt(refsTo('a', 'never put', 'b'), draft), 'not_found', 'adopt')
      assert.deepEqual(message.pendingTexts(), ['own'])
      assert.equal((await message.commit()).length, 1)
      await draft.release()
      await sweep()
      assert.deepEqual(await blobs(), ['own'])
      assert.deepEqual(await message.adopt([], draft), [])
    },
  },
  'of-another-pair': {
    title: 'to adopt from another store, or through another manifest, is refused, and nothing is recorded',
    async run({ manifest, session, intercepted }) {
      const message = session('session', 'message')
      await session().hold('a')
      const otherStore = intercepted({ put: call => call() }).session()
      const otherManifest = intercepted({ lookup: call => call() }).session()
      for (const from of [otherStore, otherManifest]) {
        await rejectsWith(message.adopt(refsTo('a'), from), 'invalid_argument', 'adopt')
      }
      const entries = await collect(manifest.listRefs('session'))
      assert.deepEqual(
        entries.map(entry => entry.holder),
        [''],
      )
    },
  },
  'bytes-gone': {
    title: 'when the bytes that the source refers to are gone nothing is adopted, and the intent is released',
    async run({ store, manifest, session, sweep }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      await draft.hold('a')
      await store.delete(idOf('a'))
      await rejectsWith(message.adopt(refsTo('a'), draft), 'not_found', 'adopt')
      assert.deepEqual(message.pendingRefs(), [])
      const intent = await manifest.lookup('session', idOf('a'), { holder: 'message' })
      assert.notEqual(intent?.releasedAtEpochMs, undefined, 'the intent is released')
      assert.deepEqual(await message.usage(), { count: 0, byteLength: 0 })
      await sweep()
      assert.equal(await manifest.lookup('session', idOf('a'), { holder: 'message' }), undefined)
      assert.ok(await draft.isCommitted('a'))
      await draft.putText('a')
      await message.take(draft, 'a')
      await message.mustRead('a', 'adopted after the draft has healed it')
    },
  },
  'bytes-gone-of-committed': {
    title: 'when the bytes are gone, a ref that the adopter had committed before stays committed',
    async run({ store, session, sweep }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      await draft.hold('a')
      await message.hold('a')
      await store.delete(idOf('a'))
      await rejectsWith(message.adopt(refsTo('a'), draft), 'not_found', 'adopt')
      assert.ok(await message.isCommitted('a'))
      await draft.putText('a')
      await draft.release()
      await sweep()
      await message.mustRead('a', 'healed, and never released by the message')
    },
  },
  'failing-intent': {
    title: 'an adoption whose intent fails rejects with AttachmentManifestRecordError, and nothing is pending',
    async run({ session, intercepted }) {
      await session().hold('a')
      const cause = new Error('the manifest is down')
      const pair = intercepted({ recordIntent: failingWith(cause) })
      const fork = pair.session('fork')
      await assert.rejects(fork.adopt(refsTo('a'), pair.session()), error => {
        assert.ok(AttachmentManifestRecordError.isInstance(error), `not AttachmentManifestRecordError: ${error}`)
        assert.equal(error.cause, cause)
        return true
      })
      assert.deepEqual(fork.pendingRefs(), [])
      await fork.mustNotFind('a', 'not adopted')
    },
  },
  aborted: {
    title: 'an adoption whose signal is aborted rejects with the reason, and nothing is pending',
    async run({ session }) {
      await session().hold('a')
      const fork = session('fork')
      const reason = new Error('changed my mind')
      const signal = AbortSignal.abort(reason)
      await rejectsWithReason(fork.adopt(refsTo('a'), session(), { signal }), reason, 'adopt')
      assert.deepEqual(fork.pendingRefs(), [])
    },
  },
  'in-transaction': {
    title: "what is adopted is committed exactly when the host's transaction commits",
    requires: ['transaction'],
    async run({ session, sweep, begin }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      for (const text of ['a', 'b']) await draft.hold(text)
      const [a] = await message.adopt(refsTo('a'), draft)
      const kept = await begin()
      await kept.commitRefs('session', message.pendingRefs(), { holder: 'message' })
      await kept.commit()
      message.markManifestCommitted([a?.id ?? ''])
      await message.adopt(refsTo('b'), draft)
      const undone = await begin()
      await undone.commitRefs('session', message.pendingRefs(), { holder: 'message' })
      await undone.rollback()
      assert.ok(await message.isCommitted('a'))
      assert.ok(!(await message.isCommitted('b')))
      await draft.release()
      await sweep()
      await message.mustRead('a', 'committed with the host')
      await message.mustNotFind('b', 'rolled back')
    },
  },
})
