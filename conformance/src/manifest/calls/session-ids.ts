import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { assertInvalid, collected, entryOf, idOf, intentFor, record, refOf } from '../steps.ts'

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

export const sessionIdCases: readonly ManifestCase[] = caseGroup('manifest', 'session ids', [
  {
    name: 'distinct',
    title: 'session ids are compared code point by code point: hostile ones are each a session of their own',
    async run(context) {
      const { manifest } = await context.create()
      const sessions = hostileSessionIds
      assert.equal(new Set(sessions).size, sessions.length)
      for (const [index, session] of sessions.entries()) {
        const meta = { mediaType: 'text/plain', label: `of ${index}` }
        await manifest.recordIntent(intentFor('shared', session, 1000 + index, meta))
      }
      for (const [index, session] of sessions.entries()) {
        const entry = await entryOf(manifest, 'shared', session)
        assert.equal(entry.sessionId, session)
        assert.equal(entry.meta?.label, `of ${index}`)
        const listed = await collected(manifest.listRefs(session))
        assert.deepEqual(listed, [entry], `the refs of ${JSON.stringify(session.slice(0, 40))}`)
      }
    },
  },
  {
    name: 'commit-and-release-alone',
    title: 'a commit or release of one session changes no other whose id is alike',
    async run(context) {
      const { manifest } = await context.create()
      for (const session of hostileSessionIds) await record(manifest, 'shared', session)
      for (const [index, session] of hostileSessionIds.entries()) {
        if (index % 2 === 0) await manifest.commitRefs(session, [refOf('shared', 0)])
        else await manifest.releaseRefs(session, [idOf('shared')])
      }
      for (const [index, session] of hostileSessionIds.entries()) {
        const { committedAtEpochMs, releasedAtEpochMs } = await entryOf(manifest, 'shared', session)
        const state = { committed: committedAtEpochMs !== undefined, released: releasedAtEpochMs !== undefined }
        const expected = { committed: index % 2 === 0, released: index % 2 === 1 }
        assert.deepEqual(state, expected, JSON.stringify(session.slice(0, 40)))
      }
    },
  },
  {
    name: 'release-everything-alone',
    title: 'a session that is deleted takes nothing from another whose id is alike',
    async run(context) {
      const { manifest } = await context.create()
      for (const session of hostileSessionIds) await record(manifest, 'shared', session)
      for (const session of ['%', '_', 'session', 'caf\u00e9', '..', '', 'x'.repeat(512)]) {
        if (session !== '') await manifest.releaseRefs(session)
      }
      const released: string[] = []
      for (const session of hostileSessionIds) {
        const entry = await entryOf(manifest, 'shared', session)
        if (entry.releasedAtEpochMs !== undefined) released.push(session)
      }
      assert.deepEqual(released.sort(), ['%', '_', 'session', 'caf\u00e9', '..', 'x'.repeat(512)].sort())
    },
  },
  {
    name: 'refused',
    title: 'a session id that is empty, too long, no string or not well-formed is refused everywhere',
    async run(context) {
      const { manifest } = await context.create()
      const bad: unknown[] = ['', 'x'.repeat(513), '\u{1f4ce}'.repeat(513), '\ud800', 'a\udc00b', 'a\0b', 7, null, {}]
      for (const value of bad) {
        const session = value as string
        const what = `session id ${JSON.stringify(value)?.slice(0, 40)}`
        await assertInvalid(() => record(manifest, 'a', session), `recordIntent, ${what}`)
        await assertInvalid(() => manifest.commitRefs(session, []), `commitRefs, ${what}`)
        await assertInvalid(() => manifest.releaseRefs(session), `releaseRefs, ${what}`)
        await assertInvalid(() => manifest.lookup(session, idOf('a')), `lookup, ${what}`)
        await assertInvalid(async () => collected(manifest.listRefs(session)), `listRefs, ${what}`)
      }
    },
  },
])
