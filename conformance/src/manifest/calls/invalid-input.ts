import assert from 'node:assert/strict'
import type { AttachmentIntent, AttachmentRef } from '@lash/attachments-core'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { assertInvalid, collected, endOfTime, entryOf, idOf, intentFor, record, refOf } from '../steps.ts'

export const invalidInputCases: readonly ManifestCase[] = caseGroup('manifest', 'invalid input', [
  {
    name: 'intent',
    title: 'an intent with a bad id, URI, time or metadata is refused, and nothing is recorded',
    async run(context) {
      const { manifest } = await context.create()
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
      assert.deepEqual(await collected(manifest.listRefs('session')), [])
      assert.deepEqual(await collected(manifest.listUncommitted(endOfTime)), [])
      assert.equal(await manifest.recordIntent(good), 0)
    },
  },
  {
    name: 'intent-extremes',
    title: 'the longest label and media type, the largest sizes and the earliest times come back as they were',
    async run(context) {
      const { manifest } = await context.create()
      const meta = {
        mediaType: `a/${'b'.repeat(253)}`,
        width: 2 ** 31 - 1,
        height: 0,
        label: `${'\u{1f4ce}'.repeat(255)}\u00e9\u00e9`,
      }
      for (const time of [0, -62_135_596_800_000, 253_402_300_799_999]) {
        await manifest.recordIntent(intentFor('a', 'session', time, meta))
        assert.deepEqual(await entryOf(manifest, 'a', 'session'), {
          ...intentFor('a', 'session', time, meta),
          generation: 0,
        })
      }
    },
  },
  {
    name: 'commit',
    title: 'a commit with a bad ref is refused as a whole, and commits nothing',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const bad: [string, unknown][] = [
        ['malformed id', 'abc'],
        ['upper case id', idOf('a').toUpperCase()],
        ['ref with a malformed id', { ...refOf('a', 0), id: '../x' }],
        ['ref without id', {}],
        ['no ref', null],
        ['negative generation', { ...refOf('a', 0), generation: -1 }],
        ['fractional generation', { ...refOf('a', 0), generation: 0.5 }],
        ['generation without a next', { ...refOf('a', 0), generation: 2 ** 53 - 1 }],
        ['generation as text', { ...refOf('a', 0), generation: '0' }],
      ]
      for (const [what, ref] of bad) {
        await assertInvalid(() => manifest.commitRefs('session', [idOf('a'), ref as AttachmentRef]), what)
      }
      await assertInvalid(() => manifest.commitRefs('session', idOf('a') as never), 'refs that are no array')
      assert.equal((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, undefined)
    },
  },
  {
    name: 'claims',
    title: 'a claim with a bad limit, time or generation is refused, and claims nothing',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const good = { olderThanEpochMs: endOfTime, limit: 10 }
      for (const limit of [0, -1, 1.5, 10_001, Number.NaN, Number.POSITIVE_INFINITY]) {
        await assertInvalid(() => manifest.claimOrphans({ ...good, limit }), `limit ${limit}`)
      }
      for (const time of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, undefined as never]) {
        await assertInvalid(() => manifest.claimOrphans({ ...good, olderThanEpochMs: time }), `older than ${time}`)
        await assertInvalid(async () => collected(manifest.listUncommitted(time)), `list older than ${time}`)
      }
      await assertInvalid(() => manifest.claimOrphans({ ...good, staleClaimEpochMs: 1.5 }), 'stale at 1.5')
      for (const generation of [-1, 0.5, Number.NaN, 2 ** 52 + 1, 2 ** 53 - 1, 2 ** 53]) {
        const blobs = [
          { id: idOf('stray'), generation: 0 },
          { id: idOf('b'), generation },
        ]
        await assertInvalid(() => manifest.claimBlobs(blobs), `blob at generation ${generation}`)
      }
      assert.equal(await record(manifest, 'stray', 'session'), 0, 'a refused call claims nothing')
      await entryOf(manifest, 'a', 'session')
    },
  },
  {
    name: 'extreme-times',
    title: 'a sweep takes any time that is a whole number, also the largest',
    async run(context) {
      const { manifest } = await context.create()
      await record(manifest, 'a', 'session')
      const earliest = { olderThanEpochMs: Number.MIN_SAFE_INTEGER, limit: 10_000 }
      assert.deepEqual(await manifest.claimOrphans(earliest), [])
      const latest = {
        olderThanEpochMs: Number.MAX_SAFE_INTEGER,
        limit: 10_000,
        staleClaimEpochMs: Number.MIN_SAFE_INTEGER,
      }
      assert.equal((await manifest.claimOrphans(latest)).length, 1)
    },
  },
])
