import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { hostileNames, refusedNames } from '../hostile-names.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertInvalid, intentFor } from '../steps.ts'

export const sessionIdCases: readonly ManifestCase[] = manifestGroup('session ids', {
  distinct: {
    title: 'session ids are compared code point by code point: each of these hostile ids is a session of its own',
    async run({ manifest, entry, entriesOf }) {
      const sessions = hostileNames
      assert.equal(new Set(sessions).size, sessions.length)
      for (const [index, session] of sessions.entries()) {
        const meta = { mediaType: 'text/plain', label: `of ${index}` }
        await manifest.recordIntent(intentFor('shared', session, 1000 + index, meta))
      }
      for (const [index, session] of sessions.entries()) {
        const found = await entry('shared', session)
        assert.equal(found.sessionId, session)
        assert.equal(found.meta?.label, `of ${index}`)
        assert.deepEqual(await entriesOf(session), [found], `the refs of ${JSON.stringify(session.slice(0, 40))}`)
      }
    },
  },
  'commit-and-release-alone': {
    title: 'a commit or release changes no other session whose id is similar',
    async run({ record, commit, release, isCommitted, isReleased }) {
      for (const session of hostileNames) await record('shared', session)
      for (const [index, session] of hostileNames.entries()) {
        if (index % 2 === 0) await commit(session, 'shared@0')
        else await release(session, 'shared')
      }
      for (const [index, session] of hostileNames.entries()) {
        const state = [await isCommitted('shared', session), await isReleased('shared', session)]
        assert.deepEqual(state, [index % 2 === 0, index % 2 === 1], JSON.stringify(session.slice(0, 40)))
      }
    },
  },
  'release-everything-alone': {
    title: 'deleting a session takes nothing from another session whose id is similar',
    async run({ record, release, isReleased }) {
      for (const session of hostileNames) await record('shared', session)
      const deleted = ['%', '_', '*', '?', 's?ssion', 'se%', 'session', 'caf\u00e9', '..', 'x'.repeat(512)]
      for (const session of deleted) await release(session)
      const released: string[] = []
      for (const session of hostileNames) if (await isReleased('shared', session)) released.push(session)
      assert.deepEqual(released.sort(), deleted.sort())
    },
  },
  refused: {
    title: 'a session id that is empty, too long, not a string or not well-formed is refused everywhere',
    async run({ record, commit, release, lookup, entriesOf }) {
      for (const value of ['', ...refusedNames]) {
        const session = value as string
        const what = `session id ${JSON.stringify(value)?.slice(0, 40)}`
        await assertInvalid(() => record('a', session), `recordIntent, ${what}`)
        await assertInvalid(() => commit(session), `commitRefs, ${what}`)
        await assertInvalid(() => release(session), `releaseRefs, ${what}`)
        await assertInvalid(() => lookup('a', session), `lookup, ${what}`)
        await assertInvalid(async () => entriesOf(session), `listRefs, ${what}`)
      }
    },
  },
})
