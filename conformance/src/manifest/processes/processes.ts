import assert from 'node:assert/strict'
import { AttachmentIntentExpiredError } from '@lash/attachments-core'
import { caseGroup, type ManifestCase } from '../../case.ts'
import type { ManifestFixture } from '../../harness.ts'
import type { CaseContext } from '../../run/context.ts'
import { provided } from '../../run/context.ts'
import { assertExpired, claim, endOfTime, entryOf, hold, idOf, intentFor, namesOf, record, refOf } from '../steps.ts'
import { ManifestProcess, type RemoteManifest } from './process.ts'

const contents = Array.from({ length: 60 }, (_, index) => `content ${index}`)

async function processOf(context: CaseContext<ManifestFixture>, fixture: ManifestFixture): Promise<ManifestProcess> {
  return context.use(await ManifestProcess.start(provided(fixture.child, 'child')))
}

function wins(manifest: RemoteManifest, name: string): Promise<boolean> {
  return manifest.commitRefs('session', [refOf(name, 0)]).then(
    () => true,
    error => {
      if (AttachmentIntentExpiredError.isInstance(error)) return false
      throw error
    },
  )
}

export const processCases: readonly ManifestCase[] = caseGroup(
  'manifest',
  'processes',
  [
    {
      name: 'see-each-other',
      title: 'what one process records, commits and claims, another sees at once',
      async run(context) {
        const fixture = await context.create()
        const { manifest } = fixture
        await hold(manifest, 'here', 'session')
        const { manifest: other } = await processOf(context, fixture)
        assert.deepEqual(await other.lookup('session', idOf('here')), await entryOf(manifest, 'here', 'session'))
        await other.recordIntent(intentFor('there', 'session'))
        assert.equal((await entryOf(manifest, 'there', 'session')).generation, 0)
        const claims = await other.claimOrphans({ olderThanEpochMs: endOfTime, limit: 10 })
        assert.deepEqual(namesOf(claims, ['here', 'there']), ['there'])
        await assertExpired(manifest.commitRefs('session', [refOf('there', 0)]), ['there'], 'claimed by the other')
        assert.equal(await record(manifest, 'there', 'session'), 1)
        await other.settleClaims(claims)
        await other.commitRefs('session', [refOf('there', 1)])
        await other.close()
        assert.notEqual((await entryOf(manifest, 'there', 'session')).committedAtEpochMs, undefined)
      },
    },
    {
      name: 'sweep-at-once',
      title: 'of sweepers in several processes at once, each orphan is claimed by exactly one',
      async run(context) {
        const fixture = await context.create()
        const { manifest } = fixture
        await Promise.all(contents.map(name => record(manifest, name, 'session')))
        const processes = await Promise.all([processOf(context, fixture), processOf(context, fixture)])
        const sweepers: RemoteManifest[] = [manifest, ...processes.map(child => child.manifest)]
        const claims: { attachmentId: string }[] = []
        const sweep = async (sweeper: RemoteManifest) => {
          for (let tries = 0; tries < 100 && claims.length < contents.length; tries++) {
            claims.push(...(await sweeper.claimOrphans({ olderThanEpochMs: endOfTime, limit: 4 })))
          }
        }
        await Promise.all(sweepers.map(sweep))
        assert.deepEqual(namesOf(claims, contents), [...contents].sort(), 'every orphan once')
      },
    },
    {
      name: 'commit-against-claim',
      title: 'of a commit in one process and a claim in another at once exactly one wins',
      async run(context) {
        const fixture = await context.create()
        const { manifest } = fixture
        await Promise.all(contents.map(name => record(manifest, name, 'session')))
        const { manifest: other } = await processOf(context, fixture)
        const commits = Promise.all(contents.map(async name => ({ name, won: await wins(other, name) })))
        const claimed: string[] = []
        for (let sweep = 0; sweep < 6; sweep++) claimed.push(...namesOf(await claim(manifest, endOfTime, 10), contents))
        const committed = (await commits).filter(({ won }) => won).map(({ name }) => name)
        assert.deepEqual([...claimed, ...committed].sort(), [...contents].sort(), 'each content has one winner')
      },
    },
    {
      name: 'killed',
      title: 'what a process was told is recorded or committed is so after the process is killed',
      requires: ['durable'],
      async run(context) {
        const fixture = await context.create()
        for (let round = 0; round < 3; round++) {
          const child = await processOf(context, fixture)
          const told: string[] = []
          const turns = contents.map(async name => {
            const session = `${name}, round ${round}`
            const generation = await child.manifest.recordIntent(intentFor(name, session))
            await child.manifest.commitRefs(session, [refOf(name, generation)])
            told.push(name)
            if (told.length === 5 + 10 * round) await child.kill()
          })
          await Promise.allSettled(turns)
          assert.ok(told.length >= 5 + 10 * round)
          for (const name of told) {
            const entry = await entryOf(fixture.manifest, name, `${name}, round ${round}`)
            assert.notEqual(entry.committedAtEpochMs, undefined, `${name}, round ${round}: its commit was lost`)
          }
        }
        assert.equal(await record(fixture.manifest, 'another', 'session'), 0, 'nobody is locked out')
      },
    },
    {
      name: 'open-at-once',
      title: 'several processes may open the manifest at once, and write as their first act',
      async run(context) {
        const fixture = await context.create()
        const processes = await Promise.all(
          ['first', 'second', 'third'].map(async session => {
            const child = await processOf(context, fixture)
            await child.manifest.recordIntent(intentFor('shared', session))
            await child.manifest.commitRefs(session, [refOf('shared', 0)])
            return child
          }),
        )
        for (const session of ['first', 'second', 'third']) await entryOf(fixture.manifest, 'shared', session)
        await Promise.all(processes.map(child => child.manifest.close()))
        assert.deepEqual(await claim(fixture.manifest), [])
      },
    },
  ],
  ['child'],
)
