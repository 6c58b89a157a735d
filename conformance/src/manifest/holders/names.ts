import assert from 'node:assert/strict'
import type { ManifestCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { collect } from '../../run/samples.ts'
import { hostileNames, refusedNames } from '../hostile-names.ts'
import { manifestGroup } from '../manifest-under-test.ts'
import { assertInvalid, type HolderInSession, holder, intentFor } from '../steps.ts'

const hostileHolders: readonly HolderInSession[] = ['', ...hostileNames].map(name => holder('session', name))

/**
 * A key that is put together from session, holder and id, with one of these between them, takes two of these for one.
 */
const separators: readonly string[] = ['', ' ', ':', '/', '|', ',', '-', '_', '#', '\u0001', '\n']

/** Holders that are mixed up by whoever joins names instead of keeping them apart. */
function runTogether(separator: string): HolderInSession[] {
  return [
    holder(`a${separator}b`, 'c'),
    holder('a', `b${separator}c`),
    holder('a', `b${separator}c${separator}`),
    holder(`a${separator}b${separator}c`, ''),
    holder('a', `b${separator}c${separator}${idOf('shared')}`),
    holder('a', `${separator}${idOf('shared')}`),
  ]
}

function labelled(who: HolderInSession, index: number) {
  return intentFor('shared', who, 1000 + index, { mediaType: 'text/plain', label: `of ${index}` })
}

export const holderNameCases: readonly ManifestCase[] = manifestGroup('holder names', {
  distinct: {
    title: 'holders are compared code point by code point: each of these hostile names is a holder of its own',
    async run({ manifest, entry, entriesOf }) {
      await Promise.all(hostileHolders.map((who, index) => manifest.recordIntent(labelled(who, index))))
      for (const [index, who] of hostileHolders.entries()) {
        const found = await entry('shared', who)
        assert.equal(found.holder, who.holder)
        assert.equal(found.meta?.label, `of ${index}`)
        assert.deepEqual(await entriesOf(who), [found], JSON.stringify(who.holder.slice(0, 40)))
      }
      assert.equal((await entriesOf('session')).length, hostileHolders.length)
    },
  },
  'commit-and-release-alone': {
    title: 'a commit or release of one holder changes no other whose name is similar',
    async run({ record, commit, release, isCommitted, isReleased }) {
      await Promise.all(hostileHolders.map(who => record('shared', who)))
      const turn = (who: HolderInSession, index: number) => (index % 2 === 0 ? commit(who, 'shared@0') : release(who))
      await Promise.all(hostileHolders.map(turn))
      for (const [index, who] of hostileHolders.entries()) {
        const state = [await isCommitted('shared', who), await isReleased('shared', who)]
        assert.deepEqual(state, [index % 2 === 0, index % 2 === 1], JSON.stringify(who.holder.slice(0, 40)))
      }
    },
  },
  'not-run-together': {
    title: 'session, holder and id are kept apart, whatever characters are at their ends',
    async run({ manifest, entry, entriesOf }) {
      const check = async (separator: string, round: number) => {
        const name = `shared ${round}`
        const all = [...new Map(runTogether(separator).map(who => [JSON.stringify(who), who])).values()]
        await Promise.all(all.map((who, index) => manifest.recordIntent(intentFor(name, who, 1000 + index))))
        for (const [index, who] of all.entries()) {
          const found = await entry(name, who)
          assert.equal(found.intentAtEpochMs, 1000 + index, JSON.stringify(who))
          const ofHolder = (await entriesOf(who)).filter(ref => ref.attachmentId === idOf(name))
          assert.deepEqual(ofHolder, [found], JSON.stringify(who))
        }
      }
      await Promise.all(separators.map(check))
    },
  },
  longest: {
    title: 'a holder has up to 512 characters, in a session id of 512, whatever their length in bytes',
    async run({ hold, entry, release, isReleased, entriesOf }) {
      const longest = ['x'.repeat(512), '\u{1f4ce}'.repeat(512), '\u00e9'.repeat(512)]
      for (const sessionId of longest) {
        for (const name of longest) await hold('a', holder(sessionId, name))
        for (const name of longest) assert.equal((await entry('a', holder(sessionId, name))).holder, name)
        await release(holder(sessionId, longest[0] ?? ''))
        assert.ok(!(await isReleased('a', holder(sessionId, longest[1] ?? ''))))
        assert.equal((await entriesOf(sessionId)).length, 3)
      }
    },
  },
  refused: {
    title: 'a holder that is too long, not a string or not well-formed is refused everywhere, and changes nothing',
    async run({ manifest, hold, record, commit, release, lookup, entriesOf }) {
      await hold('a', 'session')
      const before = await entriesOf('session')
      for (const value of refusedNames) {
        if (value === null) continue
        const bad = { holder: value as string }
        const what = `holder ${JSON.stringify(value)?.slice(0, 40)}`
        await assertInvalid(() => manifest.recordIntent({ ...intentFor('a', 'session'), ...bad }), `intent, ${what}`)
        await assertInvalid(() => manifest.commitRefs('session', [idOf('a')], bad), `commitRefs, ${what}`)
        await assertInvalid(() => manifest.commitRefs('session', [], bad), `commitRefs of nothing, ${what}`)
        await assertInvalid(() => manifest.releaseRefs('session', undefined, bad), `releaseRefs, ${what}`)
        await assertInvalid(() => manifest.lookup('session', idOf('a'), bad), `lookup, ${what}`)
        await assertInvalid(async () => collect(manifest.listRefs('session', bad)), `listRefs, ${what}`)
      }
      assert.deepEqual(await entriesOf('session'), before)
      await record('a', 'session')
      await commit('session', 'a@0')
      await release('session', 'a')
      assert.ok(await lookup('a', 'session'))
    },
  },
})
