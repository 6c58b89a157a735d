import assert from 'node:assert/strict'
import type { AttachmentIntent, AttachmentRef } from '@lash/attachments-core'
import type { ManifestCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertInvalid, endOfTime, entryOf, intentFor, refsOf } from '../steps.ts'

export const invalidInputCases: readonly ManifestCase[] = manifestGroup('invalid input', {
  intent: {
    title: 'an intent with a bad id, URI, time or metadata is refused, and nothing is recorded',
    async run({ manifest, entriesOf }) {
      const good = intentFor('a', 'session')
      const bad: [string, object][] = [
        ['upper case id', { attachmentId: idOf('a').toUpperCase() }],
        ['short id', { attachmentId: 'abc', canonicalUri: 'sha256:abc' }],
        ['no id', { attachmentId: undefined }],
        ['path as id', { attachmentId: '../../x', canonicalUri: 'sha256:../../x' }],
        ['URI of another id', { canonicalUri: `sha256:${idOf('b')}` }],
        ['no URI', { canonicalUri: undefined }],
        ['no time', { intentAtEpochMs: undefined }],
        ['fraction of a millisecond', { intentAtEpochMs: 1.5 }],
        ['time that is no number', { intentAtEpochMs: Number.NaN }],
        ['endless time', { intentAtEpochMs: Number.POSITIVE_INFINITY }],
        ['time as text', { intentAtEpochMs: '1000' }],
        ['metadata without media type', { meta: {} }],
        ['media type that is none', { meta: { mediaType: 'png' } }],
        ['width that is no whole number', { meta: { mediaType: 'image/png', width: 1.5 } }],
        ['label with NUL', { meta: { mediaType: 'image/png', label: 'a\0b' } }],
        ['label too long', { meta: { mediaType: 'image/png', label: 'x'.repeat(1025) } }],
      ]
      for (const [what, change] of bad) {
        await assertInvalid(() => manifest.recordIntent({ ...good, ...change } as AttachmentIntent), what)
      }
      assert.deepEqual(await entriesOf('session'), [])
      assert.deepEqual(await collect(manifest.listUncommitted(endOfTime)), [])
      assert.equal(await manifest.recordIntent(good), 0)
    },
  },
  'intent-extremes': {
    title: 'the longest label and media type, the largest sizes and the earliest times come back as they were',
    async run({ manifest, entry }) {
      const meta = {
        mediaType: `a/${'b'.repeat(253)}`,
        width: 2 ** 31 - 1,
        height: 0,
        label: `${'\u{1f4ce}'.repeat(255)}\u00e9\u00e9`,
      }
      for (const time of [0, -62_135_596_800_000, 253_402_300_799_999]) {
        await manifest.recordIntent(intentFor('a', 'session', time, meta))
        assert.deepEqual(await entry('a', 'session'), entryOf(intentFor('a', 'session', time, meta)))
      }
    },
  },
  commit: {
    title: 'a commit with a bad ref is refused as a whole, and commits nothing',
    async run({ manifest, record, isCommitted }) {
      await record('a', 'session')
      const good = refsOf('a@0')[0] as AttachmentRef
      const bad: [string, unknown][] = [
        ['malformed id', 'abc'],
        ['upper case id', idOf('a').toUpperCase()],
        ['ref with a malformed id', { ...good, id: '../x' }],
        ['ref without id', {}],
        ['no ref', null],
        ['negative generation', { ...good, generation: -1 }],
        ['fractional generation', { ...good, generation: 0.5 }],
        ['generation without a next', { ...good, generation: 2 ** 53 - 1 }],
        ['generation as text', { ...good, generation: '0' }],
      ]
      for (const [what, ref] of bad) {
        await assertInvalid(() => manifest.commitRefs('session', [idOf('a'), ref as AttachmentRef]), what)
      }
      await assertInvalid(() => manifest.commitRefs('session', idOf('a') as never), 'refs that are no array')
      assert.ok(!(await isCommitted('a', 'session')))
    },
  },
  claims: {
    title: 'a claim with a bad limit, time or generation is refused, and claims nothing',
    async run({ manifest, record, entry, claim, claimBlobs }) {
      await record('a', 'session')
      for (const limit of [0, -1, 1.5, 10_001, Number.NaN, Number.POSITIVE_INFINITY]) {
        await assertInvalid(() => claim({ limit }), `limit ${limit}`)
      }
      for (const time of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, undefined as never]) {
        await assertInvalid(() => claim({ olderThanEpochMs: time }), `older than ${time}`)
        await assertInvalid(async () => collect(manifest.listUncommitted(time)), `list older than ${time}`)
      }
      await assertInvalid(() => claim({ staleClaimEpochMs: 1.5 }), 'stale at 1.5')
      for (const generation of [-1, 0.5, Number.NaN, 2 ** 52 + 1, 2 ** 53 - 1, 2 ** 53]) {
        await assertInvalid(() => claimBlobs('stray@0', `b@${generation}`), `blob at generation ${generation}`)
      }
      assert.equal(await record('stray', 'session'), 0, 'a refused call claims nothing')
      await entry('a', 'session')
    },
  },
  'extreme-times': {
    title: 'a sweep accepts any time that is a safe whole number, also the largest',
    async run({ record, claim }) {
      await record('a', 'session')
      const [earliest, latest] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
      assert.deepEqual(await claim({ olderThanEpochMs: earliest, limit: 10_000 }), [])
      const found = await claim({ olderThanEpochMs: latest, limit: 10_000, staleClaimEpochMs: earliest })
      assert.equal(found.length, 1)
    },
  },
})
