import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertRefused, refsOf } from '../steps.ts'

/**
 * Commits that join the host's own transaction. While one is open, a case uses only it and another instance,
 * since the manifest may share its handle with the host.
 */
export const transactionCases: readonly ManifestCase[] = manifestGroup('host transaction', {
  commits: {
    title: "refs are committed when the host's transaction commits",
    requires: ['transaction'],
    async run({ record, isCommitted, claim, begin }) {
      for (const name of ['a', 'b']) await record(name, 'session')
      const transaction = await begin()
      await transaction.commitRefs('session', refsOf('a@0'))
      await transaction.commitRefs('session', refsOf('b'))
      await transaction.commit()
      for (const name of ['a', 'b']) assert.ok(await isCommitted(name, 'session'))
      assert.deepEqual(await claim(), [])
    },
  },
  'rolls-back': {
    title: "refs are not committed when the host's transaction rolls back, and can be committed later",
    requires: ['transaction'],
    async run({ record, commit, release, entry, claim, begin }) {
      await record('a', 'session')
      const before = await entry('a', 'session')
      const transaction = await begin()
      await transaction.commitRefs('session', refsOf('a@0'))
      await transaction.rollback()
      assert.deepEqual(await entry('a', 'session'), before)
      await commit('session', 'a@0')
      await release('session')
      assert.equal((await claim()).length, 1)
    },
  },
  'rolled-back-is-an-orphan': {
    title: 'content whose commit was rolled back is an orphan, and a sweep takes it',
    requires: ['transaction'],
    async run({ record, reclaim, begin }) {
      await record('a', 'session')
      const transaction = await begin()
      await transaction.commitRefs('session', refsOf('a@0'))
      await transaction.rollback()
      await reclaim('a')
      const late = await begin()
      await assertRefused(late.commitRefs('session', refsOf('a@0')), ['a'], 'a sweep took it')
      await late.rollback()
    },
  },
  'invisible-until-commit': {
    title: "nobody else sees the commit until the host's transaction commits",
    requires: ['transaction', 'reopen'],
    async run({ record, reopen, begin }) {
      const other = await reopen()
      await record('a', 'session')
      const transaction = await begin()
      await transaction.commitRefs('session', refsOf('a@0'))
      const meanwhile = await other.lookup('a', 'session')
      await transaction.commit()
      assert.equal(meanwhile?.committedAtEpochMs, undefined)
      assert.ok(await other.isCommitted('a', 'session'))
    },
  },
  'sweep-meanwhile': {
    title: 'a sweep never takes what an open transaction of the host is committing',
    requires: ['transaction', 'reopen'],
    async run({ record, isCommitted, reopen, begin }) {
      const other = await reopen()
      await record('a', 'session')
      const transaction = await begin()
      await transaction.commitRefs('session', refsOf('a@0'))
      // The sweep may pass the content over, wait for the transaction or find the database busy. It must not take
      // the content.
      const sweep = other.claim().catch(() => [])
      await transaction.commit()
      assert.deepEqual(await sweep, [])
      assert.ok(await isCommitted('a', 'session'))
      assert.deepEqual(await other.claim(), [])
    },
  },
  expired: {
    title: 'a commit that is refused inside a transaction commits nothing, even if the host then commits',
    requires: ['transaction'],
    async run({ record, isCommitted, claimOnly, reclaim, begin }) {
      for (const name of ['good', 'gone', 'claimed']) await record(name, 'session')
      await reclaim('gone')
      await claimOnly('claimed')
      const transaction = await begin()
      const refs = refsOf('good@0', 'gone@0', 'claimed', 'never put')
      const failing = ['gone', 'claimed', 'never put']
      await assertRefused(transaction.commitRefs('session', refs), failing, 'inside a transaction')
      await transaction.commit()
      assert.ok(!(await isCommitted('good', 'session')))
    },
  },
  'keeps-first-time': {
    title: 'committing again in a transaction keeps the first time, whether it commits or rolls back',
    requires: ['transaction'],
    async run({ hold, entry, begin }) {
      await hold('a', 'session')
      const first = await entry('a', 'session')
      const kept = await begin()
      await kept.commitRefs('session', refsOf('a'))
      await kept.commit()
      const undone = await begin()
      await undone.commitRefs('session', refsOf('a'))
      await undone.rollback()
      assert.deepEqual(await entry('a', 'session'), first)
    },
  },
  'one-after-the-other': {
    title: 'the host may run one transaction after the other, and the manifest works between and after them',
    requires: ['transaction'],
    async run({ record, isCommitted, begin }) {
      const names = ['a', 'b', 'c', 'd']
      for (const [index, name] of names.entries()) {
        await record(name, 'session')
        const transaction = await begin()
        await transaction.commitRefs('session', refsOf(name))
        await (index % 2 === 0 ? transaction.commit() : transaction.rollback())
      }
      const committed = await Promise.all(names.map(name => isCommitted(name, 'session')))
      assert.deepEqual(committed, [true, false, true, false])
    },
  },
})
