import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import {
  claim,
  claimOnly,
  collected,
  endOfTime,
  entryOf,
  hold,
  idOf,
  intentFor,
  namesOf,
  record,
  yesterday,
} from '../steps.ts'

export const releaseCases: readonly ManifestCase[] = caseGroup('manifest', 'release', [
  {
    name: 'named-ids',
    title: 'releasing ids releases those of this session, and says when',
    async run(context) {
      const { manifest } = await context.create()
      for (const name of ['a', 'b', 'c']) await hold(manifest, name, 'session')
      await hold(manifest, 'a', 'other')
      const before = await entryOf(manifest, 'a', 'session')
      await manifest.releaseRefs('session', [idOf('a'), idOf('b')])
      const { releasedAtEpochMs, ...after } = await entryOf(manifest, 'a', 'session')
      assert.ok(releasedAtEpochMs !== undefined && releasedAtEpochMs > yesterday())
      assert.deepEqual(after, before)
      assert.notEqual((await entryOf(manifest, 'b', 'session')).releasedAtEpochMs, undefined)
      assert.equal((await entryOf(manifest, 'c', 'session')).releasedAtEpochMs, undefined)
      assert.equal((await entryOf(manifest, 'a', 'other')).releasedAtEpochMs, undefined)
      assert.deepEqual(namesOf(await claim(manifest), ['a', 'b', 'c']), ['b'])
    },
  },
  {
    name: 'everything',
    title: 'releasing without ids releases everything of this session and nothing of another',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await record(manifest, 'b', 'session')
      await hold(manifest, 'c', 'other')
      await manifest.releaseRefs('session')
      for (const entry of await collected(manifest.listRefs('session')))
        assert.notEqual(entry.releasedAtEpochMs, undefined)
      assert.deepEqual(namesOf(await claim(manifest), ['a', 'b', 'c']), ['a', 'b'])
      assert.notEqual((await entryOf(manifest, 'c', 'other')).committedAtEpochMs, undefined)
    },
  },
  {
    name: 'no-ids',
    title: 'releasing an empty list of ids releases nothing',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await manifest.releaseRefs('session', [])
      assert.equal((await entryOf(manifest, 'a', 'session')).releasedAtEpochMs, undefined)
    },
  },
  {
    name: 'twice',
    title: 'releasing again keeps the first time',
    async run(context) {
      const { manifest, setClock } = await context.create()
      setClock?.(50_000)
      await hold(manifest, 'a', 'session')
      await manifest.releaseRefs('session', [idOf('a'), idOf('a')])
      const first = await entryOf(manifest, 'a', 'session')
      setClock?.(60_000)
      const started = Date.now()
      while (setClock === undefined && Date.now() < started + 3) await new Promise(resolve => setImmediate(resolve))
      await manifest.releaseRefs('session', [idOf('a')])
      await manifest.releaseRefs('session')
      assert.deepEqual(await entryOf(manifest, 'a', 'session'), first)
    },
  },
  {
    name: 'unknown',
    title: 'releasing what is not held, or is not an id, does nothing',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await manifest.releaseRefs('session', [idOf('never put'), 'not an id', '', '../x', `${idOf('a')}\0`])
      await manifest.releaseRefs('nobody', [idOf('a')])
      await manifest.releaseRefs('nobody')
      assert.equal((await entryOf(manifest, 'a', 'session')).releasedAtEpochMs, undefined)
      assert.equal(await manifest.lookup('nobody', idOf('a')), undefined)
    },
  },
  {
    name: 'age-of-release',
    title: 'a released ref is as old as its release, however old its intent is',
    async run(context) {
      const { manifest } = await context.create()
      await manifest.recordIntent(intentFor('a', 'session', 1))
      await manifest.commitRefs('session', [idOf('a')])
      await manifest.releaseRefs('session')
      assert.deepEqual(await claim(manifest, yesterday()), [], 'released just now')
      assert.equal((await claim(manifest, endOfTime)).length, 1)
    },
  },
  {
    name: 'exact-age',
    title: 'a sweep at the time of the release takes the content, one a millisecond before does not',
    requires: ['clock'],
    async run(context) {
      const { manifest, setClock } = await context.create()
      await hold(manifest, 'a', 'session')
      setClock?.(90_000)
      await manifest.releaseRefs('session')
      assert.equal((await entryOf(manifest, 'a', 'session')).releasedAtEpochMs, 90_000)
      assert.deepEqual(await claim(manifest, 89_999), [])
      assert.equal((await claim(manifest, 90_000)).length, 1)
    },
  },
  {
    name: 'until-a-sweep',
    title: 'a released ref is known until a sweep takes the content, and not after',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'session')
      await manifest.releaseRefs('session')
      assert.equal((await collected(manifest.listRefs('session'))).length, 1)
      await claimOnly(manifest, 'a')
      assert.equal(await manifest.lookup('session', idOf('a')), undefined)
      assert.deepEqual(await collected(manifest.listRefs('session')), [])
    },
  },
  {
    name: 'shared',
    title: 'content that one session released and another committed is not claimed until the other releases it',
    async run(context) {
      const { manifest } = await context.create()
      await hold(manifest, 'a', 'first')
      await hold(manifest, 'a', 'second')
      await manifest.releaseRefs('first')
      assert.deepEqual(await claim(manifest), [])
      await manifest.releaseRefs('second')
      assert.equal((await claimOnly(manifest, 'a')).generation, 0)
    },
  },
])
