import assert from 'node:assert/strict'
import { caseGroup, type ManifestCase } from '../../case.ts'
import { provided } from '../../run/context.ts'
import { assertExpired, claim, claimOnly, entryOf, hold, idOf, reclaim, record, refOf } from '../steps.ts'

/** Commits that join the host's own transaction. While one is open, only it and another instance are used: a handle may be shared with it. */
export const transactionCases: readonly ManifestCase[] = caseGroup(
  'manifest',
  'host transaction',
  [
    {
      name: 'commits',
      title: "refs are committed when the host's transaction commits",
      async run(context) {
        const { manifest, begin } = await context.create()
        await record(manifest, 'a', 'session')
        await record(manifest, 'b', 'session')
        const transaction = await provided(begin, 'begin')()
        await transaction.commitRefs('session', [refOf('a', 0)])
        await transaction.commitRefs('session', [idOf('b')])
        await transaction.commit()
        for (const name of ['a', 'b']) {
          assert.notEqual((await entryOf(manifest, name, 'session')).committedAtEpochMs, undefined)
        }
        assert.deepEqual(await claim(manifest), [])
      },
    },
    {
      name: 'rolls-back',
      title: "refs are not committed when the host's transaction rolls back, and can be committed later",
      async run(context) {
        const { manifest, begin } = await context.create()
        await record(manifest, 'a', 'session')
        const before = await entryOf(manifest, 'a', 'session')
        const transaction = await provided(begin, 'begin')()
        await transaction.commitRefs('session', [refOf('a', 0)])
        await transaction.rollback()
        assert.deepEqual(await entryOf(manifest, 'a', 'session'), before)
        await manifest.commitRefs('session', [refOf('a', 0)])
        await manifest.releaseRefs('session')
        assert.equal((await claim(manifest)).length, 1)
      },
    },
    {
      name: 'rolled-back-is-an-orphan',
      title: 'what a rolled back transaction had committed is an orphan, and a sweep takes it',
      async run(context) {
        const { manifest, begin } = await context.create()
        await record(manifest, 'a', 'session')
        const transaction = await provided(begin, 'begin')()
        await transaction.commitRefs('session', [refOf('a', 0)])
        await transaction.rollback()
        await reclaim(manifest, 'a')
        const late = await provided(begin, 'begin')()
        await assertExpired(late.commitRefs('session', [refOf('a', 0)]), ['a'], 'a sweep took it')
        await late.rollback()
      },
    },
    {
      name: 'invisible-until-commit',
      title: "nobody else sees the commit until the host's transaction commits",
      requires: ['reopen'],
      async run(context) {
        const { manifest, begin, reopen } = await context.create()
        const other = context.use(await provided(reopen, 'reopen')())
        await record(manifest, 'a', 'session')
        const transaction = await provided(begin, 'begin')()
        await transaction.commitRefs('session', [refOf('a', 0)])
        const meanwhile = await other.lookup('session', idOf('a'))
        await transaction.commit()
        assert.equal(meanwhile?.committedAtEpochMs, undefined)
        assert.notEqual((await entryOf(other, 'a', 'session')).committedAtEpochMs, undefined)
      },
    },
    {
      name: 'sweep-meanwhile',
      title: 'a sweep never takes what an open transaction of the host is committing',
      requires: ['reopen'],
      async run(context) {
        const { manifest, begin, reopen } = await context.create()
        const other = context.use(await provided(reopen, 'reopen')())
        await record(manifest, 'a', 'session')
        const transaction = await provided(begin, 'begin')()
        await transaction.commitRefs('session', [refOf('a', 0)])
        // It may pass the content over, wait for the transaction, or find the database busy; all but taking it.
        const sweep = claim(other).catch(() => [])
        await transaction.commit()
        assert.deepEqual(await sweep, [])
        assert.notEqual((await entryOf(manifest, 'a', 'session')).committedAtEpochMs, undefined)
        assert.deepEqual(await claim(other), [])
      },
    },
    {
      name: 'expired',
      title: 'a commit in a transaction is all or nothing too: refused, it leaves nothing, even if the host commits',
      async run(context) {
        const { manifest, begin } = await context.create()
        for (const name of ['good', 'gone', 'claimed']) await record(manifest, name, 'session')
        await reclaim(manifest, 'gone')
        await claimOnly(manifest, 'claimed')
        const transaction = await provided(begin, 'begin')()
        const refs = [refOf('good', 0), refOf('gone', 0), idOf('claimed'), idOf('never put')]
        const failing = ['gone', 'claimed', 'never put']
        await assertExpired(transaction.commitRefs('session', refs), failing, 'inside a transaction')
        await transaction.commit()
        assert.equal((await entryOf(manifest, 'good', 'session')).committedAtEpochMs, undefined)
      },
    },
    {
      name: 'keeps-first-time',
      title: 'committing again in a transaction keeps the first time, whether it commits or rolls back',
      async run(context) {
        const { manifest, begin } = await context.create()
        await hold(manifest, 'a', 'session')
        const first = await entryOf(manifest, 'a', 'session')
        const open = provided(begin, 'begin')
        const kept = await open()
        await kept.commitRefs('session', [idOf('a')])
        await kept.commit()
        const undone = await open()
        await undone.commitRefs('session', [idOf('a')])
        await undone.rollback()
        assert.deepEqual(await entryOf(manifest, 'a', 'session'), first)
      },
    },
    {
      name: 'one-after-the-other',
      title: 'transactions of the host follow each other, and the manifest works between and after them',
      async run(context) {
        const { manifest, begin } = await context.create()
        const names = ['a', 'b', 'c', 'd']
        for (const [index, name] of names.entries()) {
          await record(manifest, name, 'session')
          const transaction = await provided(begin, 'begin')()
          await transaction.commitRefs('session', [idOf(name)])
          await (index % 2 === 0 ? transaction.commit() : transaction.rollback())
        }
        const times = await Promise.all(names.map(name => entryOf(manifest, name, 'session')))
        const committed = times.map(entry => entry.committedAtEpochMs !== undefined)
        assert.deepEqual(committed, [true, false, true, false])
      },
    },
  ],
  ['transaction'],
)
