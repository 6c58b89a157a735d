import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { numbered } from '../../run/contents.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { acceptedOf, claimedBy, holder, namesOf } from '../steps.ts'

const contents = numbered('content', 60).sort()

export const processCases: readonly ManifestCase[] = manifestGroup('processes', {
  'see-each-other': {
    title: 'what one process records, commits and claims, another sees at once',
    requires: ['child'],
    async run({ record, hold, mustRefuse, entry, isCommitted, startProcess }) {
      await hold('here', 'session')
      const other = await startProcess()
      assert.deepEqual(await other.lookup('here', 'session'), await entry('here', 'session'))
      await other.record('there', 'session')
      assert.equal((await entry('there', 'session')).generation, 0)
      const claims = await other.claim({ limit: 10 })
      assert.deepEqual(namesOf(claims), ['there'])
      await mustRefuse('session', ['there@0'], 'claimed by the other')
      assert.equal(await record('there', 'session'), 1)
      await other.settle(...claims)
      await other.commit('session', 'there@1')
      await other.close()
      assert.ok(await isCommitted('there', 'session'))
    },
  },
  holders: {
    title: 'what one process does for a holder, another sees for that holder and no other',
    requires: ['child'],
    async run({ hold, entry, isCommitted, isReleased, startProcess }) {
      const [draft, message] = [holder('session', 'draft'), holder('session', 'message')]
      const other = await startProcess()
      await hold('a', draft)
      assert.deepEqual(await other.entry('a', draft), await entry('a', draft))
      await other.record('a', message, 1)
      assert.equal((await entry('a', 'session')).holder, 'draft', 'committed before uncommitted')
      await other.mustRefuse('session', ['a@0'], 'held by others')
      await other.commit(message, 'a@0')
      assert.ok(await isCommitted('a', message))
      await other.release(draft)
      assert.ok(await isReleased('a', draft))
      assert.ok(!(await isReleased('a', message)))
      await other.release('session')
      assert.ok(await isReleased('a', message))
    },
  },
  'forget-alike': {
    title: 'what one process has forgotten, another gives out no more',
    requires: ['child'],
    async run({ record, reclaim, purge, startProcess }) {
      const other = await startProcess()
      await other.hold('warm', 'session')
      for (let generation = 0; generation < 3; generation++) {
        assert.equal(await record('a', 'gone'), generation)
        await reclaim('a')
      }
      await purge()
      assert.ok((await other.record('a', 'session')) > 2)
      assert.equal(await other.record('warm', 'other'), 0)
    },
  },
  'sweep-at-once': {
    title: 'of sweepers in several processes at once, each orphan is claimed by exactly one',
    requires: ['child'],
    async run({ record, claim, startProcess }) {
      await Promise.all(contents.map(name => record(name, 'session')))
      const others = await Promise.all([startProcess(), startProcess()])
      const claimed = await claimedBy([{ claim }, ...others], contents.length, 4)
      assert.deepEqual(claimed, contents, 'every orphan once')
    },
  },
  'commit-against-claim': {
    title: 'of a commit in one process and a claim in another at once exactly one wins',
    requires: ['child'],
    async run({ record, claim, startProcess }) {
      await Promise.all(contents.map(name => record(name, 'session')))
      const other = await startProcess()
      const committed = acceptedOf(contents, name => other.commit('session', `${name}@0`))
      const claimed: string[] = []
      for (let sweep = 0; sweep < 6; sweep++) claimed.push(...namesOf(await claim({ limit: 10 })))
      assert.deepEqual([...claimed, ...(await committed)].sort(), contents, 'each content has one winner')
    },
  },
  killed: {
    title: 'what a process was told is committed stays committed after the process is killed',
    requires: ['child', 'crash-safe'],
    async run({ record, isCommitted, startProcess }) {
      for (let round = 0; round < 3; round++) {
        const child = await startProcess()
        const enough = 5 + 10 * round
        const told: string[] = []
        const turns = contents.map(async name => {
          await child.hold(name, `${name}, round ${round}`)
          told.push(name)
          if (told.length === enough) await child.kill()
        })
        await Promise.allSettled(turns)
        assert.ok(told.length >= enough)
        for (const name of told) {
          const session = `${name}, round ${round}`
          assert.ok(await isCommitted(name, session), `${session}: its commit was lost`)
        }
      }
      assert.equal(await record('another', 'session'), 0, 'nobody is locked out')
    },
  },
  'open-at-once': {
    title: 'several processes may open the manifest at once and write as their first call',
    requires: ['child'],
    async run({ entry, claim, startProcess }) {
      const sessions = ['first', 'second', 'third']
      const processes = await Promise.all(
        sessions.map(async session => {
          const child = await startProcess()
          await child.record('shared', session)
          await child.commit(session, 'shared@0')
          return child
        }),
      )
      for (const session of sessions) await entry('shared', session)
      await Promise.all(processes.map(child => child.close()))
      assert.deepEqual(await claim(), [])
    },
  },
})
