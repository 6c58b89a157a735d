import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertInvalid, intentFor } from '../steps.ts'

/**
 * Session ids that some backend takes for one another, or for something else than a name. All different, each followed
 * where it matters by the one that it is mixed up with.
 */
const hostileSessionIds: readonly string[] = [
  'session',
  'Session',
  'SESSION',
  'session ',
  ' session',
  'session\t',
  'session\n',
  'caf\u00e9', // NFC
  'cafe\u0301', // NFD
  'stra\u00dfe',
  'STRASSE',
  'strasse',
  '\u0131stanbul', // dotless i
  'istanbul',
  '\u212a', // Kelvin sign, K in NFKC
  'K',
  'k',
  '\ufb01le', // fi ligature
  'file',
  'a\u200db', // zero-width joiner
  'ab',
  '\u05e9\u05dc\u05d5\u05dd',
  '\u4f1a\u8bdd',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '\u{10ffff}',
  '\uffff',
  '%',
  '_',
  '*',
  '?',
  "'; DROP TABLE refs; --",
  "o'brien",
  '"quoted"',
  '`ticks`',
  '$1',
  '\u0024{x}',
  '\\',
  '\\x00',
  '\\u0000',
  '/',
  '//',
  '.',
  '..',
  '../../etc/passwd',
  'a/b',
  'a\\b',
  'a:b',
  'CON',
  'null',
  'undefined',
  'NaN',
  '0',
  '00',
  '1e3',
  '1000',
  '-1',
  'true',
  '{}',
  '[]',
  '\u0001',
  '\u007f',
  'x'.repeat(511),
  'x'.repeat(512),
  `${'x'.repeat(511)}y`,
  `${'x'.repeat(511)}X`,
  '\u{1f4ce}'.repeat(512), // 512 characters, 2,048 bytes
  `${'\u{1f4ce}'.repeat(511)}\u{1f4cf}`,
]

export const sessionIdCases: readonly ManifestCase[] = manifestGroup('session ids', {
  distinct: {
    title: 'session ids are compared code point by code point: each of these hostile ids is a session of its own',
    async run({ manifest, entry, entriesOf }) {
      const sessions = hostileSessionIds
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
      for (const session of hostileSessionIds) await record('shared', session)
      for (const [index, session] of hostileSessionIds.entries()) {
        if (index % 2 === 0) await commit(session, 'shared@0')
        else await release(session, 'shared')
      }
      for (const [index, session] of hostileSessionIds.entries()) {
        const state = [await isCommitted('shared', session), await isReleased('shared', session)]
        assert.deepEqual(state, [index % 2 === 0, index % 2 === 1], JSON.stringify(session.slice(0, 40)))
      }
    },
  },
  'release-everything-alone': {
    title: 'deleting a session takes nothing from another session whose id is similar',
    async run({ record, release, isReleased }) {
      for (const session of hostileSessionIds) await record('shared', session)
      const deleted = ['%', '_', 'session', 'caf\u00e9', '..', 'x'.repeat(512)]
      for (const session of deleted) await release(session)
      const released: string[] = []
      for (const session of hostileSessionIds) if (await isReleased('shared', session)) released.push(session)
      assert.deepEqual(released.sort(), deleted.sort())
    },
  },
  refused: {
    title: 'a session id that is empty, too long, not a string or not well-formed is refused everywhere',
    async run({ record, commit, release, lookup, entriesOf }) {
      const bad: unknown[] = ['', 'x'.repeat(513), '\u{1f4ce}'.repeat(513), '\ud800', 'a\udc00b', 'a\0b', 7, null, {}]
      for (const value of bad) {
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
