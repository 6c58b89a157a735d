import assert from 'node:assert/strict'
import type { AttachmentCreateMeta, AttachmentIntent, AttachmentRef } from '@lash/attachments-core'
import type { ManifestCase } from '../../case.ts'
import { idOf, numbered } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertInvalid, endOfTime, entryOf, holder, intentFor } from '../steps.ts'

const png: AttachmentCreateMeta = { mediaType: 'image/png', width: 2, height: 3, label: 'a.png' }
const html: AttachmentCreateMeta = { mediaType: 'text/html', label: 'b.html' }

const draft = holder('session', 'draft')

export const metadataCases: readonly ManifestCase[] = manifestGroup('metadata', {
  'byte-length': {
    title: 'the length that an intent says comes back from lookups and listings, from 0 to the largest safe number',
    async run({ manifest, entry, entriesOf }) {
      const lengths = { empty: 0, one: 1, large: 5 * 2 ** 40, largest: Number.MAX_SAFE_INTEGER }
      for (const [name, byteLength] of Object.entries(lengths)) {
        await manifest.recordIntent({ ...intentFor(name, draft), byteLength })
      }
      const listed = [...(await entriesOf('session')), ...(await collect(manifest.listUncommitted(endOfTime)))]
      for (const [name, byteLength] of Object.entries(lengths)) {
        assert.equal((await entry(name, draft)).byteLength, byteLength, name)
        const found = listed.filter(ref => ref.attachmentId === idOf(name)).map(ref => ref.byteLength)
        assert.deepEqual(found, [byteLength, byteLength], name)
      }
    },
  },
  'byte-length-refused': {
    title: 'an intent without a length, or with one that is no whole number from 0, is refused and not recorded',
    async run({ manifest, entriesOf }) {
      const bad: unknown[] = [undefined, null, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', {}]
      for (const byteLength of bad) {
        const intent = { ...intentFor('a', 'session'), byteLength } as AttachmentIntent
        await assertInvalid(() => manifest.recordIntent(intent), `length ${JSON.stringify(byteLength)}`)
      }
      assert.deepEqual(await entriesOf('session'), [])
    },
  },
  'kept-when-committed': {
    title: "an intent never changes a committed ref's metadata, and renews its time",
    async run({ manifest, commit, entry }) {
      await manifest.recordIntent(intentFor('a', draft, 1000, png))
      await commit(draft, 'a@0')
      const before = await entry('a', draft)
      assert.equal(await manifest.recordIntent(intentFor('a', draft, 5000, html)), 0)
      assert.deepEqual(await entry('a', draft), { ...before, intentAtEpochMs: 5000 })
      const { meta: _, ...withoutMeta } = intentFor('a', draft, 6000)
      await manifest.recordIntent(withoutMeta)
      assert.deepEqual(await entry('a', draft), { ...before, intentAtEpochMs: 6000 })
      await commit(draft, 'a@0')
      assert.deepEqual(await entry('a', draft), { ...before, intentAtEpochMs: 6000 })
    },
  },
  'kept-without': {
    title: 'an intent never gives metadata to a committed ref that has none',
    async run({ manifest, commit, entry }) {
      const { meta: _, ...intent } = intentFor('a', draft)
      await manifest.recordIntent(intent)
      await commit(draft, 'a@0')
      await manifest.recordIntent(intentFor('a', draft, 5000, html))
      assert.equal((await entry('a', draft)).meta, undefined)
    },
  },
  'kept-among-many': {
    title: 'of many intents at once, those for committed refs change no metadata, and the others do',
    async run({ manifest, record, commit, release, entry }) {
      const names = numbered('content', 40)
      await Promise.all(names.map(name => manifest.recordIntent(intentFor(name, draft, 1000, png))))
      const committed = names.filter((_, index) => index % 2 === 0)
      const released = names.filter((_, index) => index % 8 === 0)
      await commit(draft, ...committed)
      await release(draft, ...released)
      const intents = names.map((name, index) => manifest.recordIntent(intentFor(name, draft, 5000 + index, html)))
      await Promise.all([...intents, record('unrelated', draft)])
      for (const [index, name] of names.entries()) {
        const found = await entry(name, draft)
        const isKept = committed.includes(name) && !released.includes(name)
        assert.deepEqual(found.meta, isKept ? png : html, name)
        assert.equal(found.intentAtEpochMs, 5000 + index, name)
      }
    },
  },
  'kept-in-a-race': {
    title: 'metadata is that of one intent, and is settled once a commit that raced with intents is done',
    async run({ manifest, commit, entry }) {
      const names = numbered('content', 12)
      await Promise.all(names.map(name => manifest.recordIntent(intentFor(name, draft, 1000, png))))
      const race = names.flatMap(name => [
        manifest.recordIntent(intentFor(name, draft, 2000, html)),
        commit(draft, `${name}@0`),
        manifest.recordIntent(intentFor(name, draft, 3000, { mediaType: 'text/csv', height: 7 })),
      ])
      await Promise.all(race)
      for (const name of names) {
        const { meta } = await entry(name, draft)
        const given = [png, html, { mediaType: 'text/csv', height: 7 }].map(each => JSON.stringify(each))
        assert.ok(given.includes(JSON.stringify(meta)), `${name} has ${JSON.stringify(meta)}`)
        await manifest.recordIntent(intentFor(name, draft, 4000, { mediaType: 'text/plain' }))
        assert.deepEqual((await entry(name, draft)).meta, meta, `${name} is committed`)
      }
    },
  },
  'set-when-uncommitted': {
    title: 'an intent for an uncommitted or released ref sets its metadata, and takes away what it does not say',
    async run({ manifest, commit, release, entry }) {
      await manifest.recordIntent(intentFor('a', draft, 1000, png))
      const uncommitted = intentFor('a', draft, 2000, html)
      await manifest.recordIntent(uncommitted)
      assert.deepEqual(await entry('a', draft), entryOf(uncommitted))
      await commit(draft, 'a@0')
      await release(draft)
      const released = intentFor('a', draft, 3000, { mediaType: 'text/plain' })
      await manifest.recordIntent(released)
      assert.deepEqual(await entry('a', draft), entryOf(released))
    },
  },
  'set-at-another-generation': {
    title: 'an intent at another generation sets the metadata, even if the old ref was committed',
    async run({ manifest, commit, entry, forget }) {
      await manifest.recordIntent(intentFor('a', draft, 1000, png))
      await commit(draft, 'a@0')
      await forget('a')
      const intent = intentFor('a', draft, 2000, html)
      const generation = await manifest.recordIntent(intent)
      assert.deepEqual(await entry('a', draft), entryOf(intent, generation))
    },
  },
  'of-another-holder': {
    title: "the intent of one holder changes nothing of another's ref, committed or not",
    async run({ manifest, record, commit, entry }) {
      const [one, other] = [holder('session', 'one'), holder('session', 'other')]
      await manifest.recordIntent(intentFor('committed', one, 1000, png))
      await manifest.recordIntent(intentFor('intended', one, 1000, png))
      await commit(one, 'committed@0')
      const before = [await entry('committed', one), await entry('intended', one)]
      for (const name of ['committed', 'intended']) {
        await manifest.recordIntent(intentFor(name, other, 5000, html))
        assert.deepEqual((await entry(name, other)).meta, html)
      }
      await record('committed', 'session')
      assert.deepEqual([await entry('committed', one), await entry('intended', one)], before)
    },
  },
  'not-from-a-commit': {
    title: 'a commit stores nothing of a ref but that it is committed: what else the ref says is a claim of its sender',
    async run({ manifest, entry, lookup }) {
      await manifest.recordIntent(intentFor('a', draft, 1000, png))
      const before = await entry('a', draft)
      const tampered = {
        id: idOf('a'),
        byteLength: 10 ** 9,
        mediaType: 'text/html',
        width: -1,
        label: `<script>\0${'x'.repeat(9999)}`,
        holder: 'message',
        sessionId: 'other',
        committedAtEpochMs: 1,
      }
      await manifest.commitRefs('session', [tampered as AttachmentRef], { holder: 'draft' })
      const { committedAtEpochMs, ...after } = await entry('a', draft)
      assert.deepEqual(after, before)
      assert.notEqual(committedAtEpochMs, undefined)
      assert.notEqual(committedAtEpochMs, 1)
      assert.equal(await lookup('a', holder('session', 'message')), undefined)
      assert.equal(await lookup('a', 'other'), undefined)
      const again = { id: idOf('a') } as AttachmentRef
      await manifest.commitRefs('session', [again], { holder: 'draft' })
      assert.deepEqual((await entry('a', draft)).meta, png)
    },
  },
})
