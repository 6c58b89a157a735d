import assert from 'node:assert/strict'
import type { SessionCase } from '../../case.ts'
import { intentFor } from '../../manifest/steps.ts'
import { idOf } from '../../run/contents.ts'
import { rejectsWithReason } from '../../run/expect.ts'
import { failingWith } from '../interception.ts'
import { sessionGroup } from '../pair-under-test.ts'

const meta = { mediaType: 'image/png', width: 2, height: 3, label: 'a.png' }

export const refCases: readonly SessionCase[] = sessionGroup('ref', {
  vouched: {
    title: 'ref gives what was put, as put gave it, pending or committed, at any generation',
    async run({ session, sweep }) {
      const writing = session()
      const first = await writing.putText('a', meta)
      assert.deepEqual(await writing.ref(idOf('a')), first)
      await writing.commit()
      assert.deepEqual(await session().ref(idOf('a')), first)
      await writing.release()
      await sweep()
      const again = await writing.putText('a', meta)
      assert.ok((again.generation ?? 0) > 0)
      assert.deepEqual(await writing.ref(idOf('a')), again)
    },
  },
  'of-others': {
    title: 'ref gives nothing of another session, of what is released or swept, and of what is no id',
    async run({ session, sweep, putStray }) {
      const [owner, stranger] = [session('owner'), session('stranger')]
      await owner.hold('a')
      await owner.putText('pending')
      await putStray('stray')
      for (const text of ['a', 'pending', 'stray', 'never put']) assert.equal(await stranger.ref(idOf(text)), undefined)
      for (const id of ['', 'x', '../x', idOf('a').toUpperCase(), `${idOf('a')}\0`, 7 as never]) {
        assert.equal(await owner.ref(id), undefined)
      }
      await sweep()
      assert.equal(await owner.ref(idOf('pending')), undefined)
      await owner.release()
      assert.equal(await owner.ref(idOf('a')), undefined)
    },
  },
  'not-what-was-sent': {
    title: 'ref gives what the manifest knows, whatever a client has sent and a host has committed since',
    async run({ session }) {
      const ref = await session().putText('a', meta)
      const sent = { ...ref, mediaType: 'text/html', label: 'evil.html', byteLength: 10 ** 9, width: 1 }
      await session().commit({ refs: [sent] })
      assert.deepEqual(await session().ref(idOf('a')), ref)
      assert.deepEqual((await session().get(idOf('a'))).meta, ref)
    },
  },
  'own-first': {
    title: "ref of a view of a holder gives that holder's own, and without one that of the session",
    async run({ session }) {
      const [draft, message] = [session('session', 'draft'), session('session', 'message')]
      const ofDraft = await draft.hold('a', meta)
      assert.deepEqual(await message.ref(idOf('a')), ofDraft)
      const ofMessage = await message.putText('a', { mediaType: 'text/plain', label: 'own' })
      assert.deepEqual(await message.ref(idOf('a')), ofMessage)
      assert.deepEqual(await session().ref(idOf('a')), ofDraft, 'committed before uncommitted')
    },
  },
  'of-bytes-that-are-there': {
    title: 'ref gives nothing that could not be read once it is committed: a put that has failed, or is not yet done',
    async run({ manifest, session }) {
      await manifest.recordIntent(intentFor('a', 'session'))
      assert.equal(await session().ref(idOf('a')), undefined)
      const ref = await session().putText('a', meta)
      assert.deepEqual(await session().ref(idOf('a')), ref)
    },
  },
  'of-the-manifest-alone': {
    title: 'ref of what is committed asks the manifest alone, and its failure is told',
    async run({ session, intercepted }) {
      const ref = await session().hold('a', meta)
      const called = failingWith(new assert.AssertionError({ message: 'the store was called' }))
      const view = intercepted({ stat: called, get: called, stream: called }).session()
      assert.deepEqual(await view.ref(idOf('a')), ref)
      const cause = new Error('the manifest is down')
      const manifestDown = intercepted({ lookup: failingWith(cause) }).session()
      await rejectsWithReason(manifestDown.ref(idOf('a')), cause, 'ref')
    },
  },
})
