import assert from 'node:assert/strict'
import type { SessionCase } from '../../case.ts'
import { idOf } from '../../run/contents.ts'
import { rejectsWith } from '../../run/expect.ts'
import { sessionGroup } from '../pair-under-test.ts'
import { Sweepers } from '../sweepers.ts'
import { refsTo } from '../test-session.ts'

export const adoptionRaceCases: readonly SessionCase[] = sessionGroup('adopt against sweeps', {
  'intent-first': {
    title: 'an adoption records its intent before it looks at the bytes',
    async run({ manifest, session, stoppable }) {
      await session().hold('a')
      const stop = stoppable('before stat')
      const fork = stop.session('fork')
      const adopting = await stop.stallThere(() => fork.adopt(refsTo('a'), stop.session()))
      const entry = await manifest.lookup('fork', idOf('a'))
      assert.ok(entry, 'the manifest knows of the adoption before anybody looks')
      assert.equal(entry.committedAtEpochMs, undefined)
      await adopting.goOn()
      await fork.commit()
      await fork.mustRead('a', 'adopted')
    },
  },
  'swept-after-the-look': {
    title: 'bytes that a sweep takes after an adoption has looked at them cannot be committed by the adopter',
    async run({ sweep, stoppable }) {
      const stop = stoppable('after stat')
      const [draft, message] = [stop.session('session', 'draft'), stop.session('session', 'message')]
      await draft.putText('a')
      const adopting = await stop.stallThere(() => message.adopt(refsTo('a'), draft))
      assert.equal((await sweep()).reclaimedCount, 1)
      await adopting.goOn()
      await message.mustRefuse('a')
      await draft.hold('a')
      await message.take(draft, 'a')
      await message.mustRead('a', 'adopted again')
    },
  },
  'swept-before-the-intent': {
    title: 'an adoption of what a sweep has taken meanwhile finds nothing, and the next sweep takes its intent',
    async run({ manifest, sweep, stoppable, blobs }) {
      const stop = stoppable('before recordIntent')
      const [draft, message] = [stop.session('session', 'draft'), stop.session('session', 'message')]
      await draft.hold('a')
      const adopting = await stop.stallThere(() => message.adopt(refsTo('a'), draft))
      await draft.release()
      await sweep()
      await rejectsWith(adopting.goOn(), 'not_found', 'adopt')
      assert.deepEqual(message.pendingRefs(), [])
      await sweep()
      assert.deepEqual(await blobs(), [])
      assert.equal(await manifest.lookup('session', idOf('a'), { holder: 'message' }), undefined)
    },
  },
  'meets-a-claim': {
    title: 'an adoption of what a sweeper is about to delete copies it to the next generation, and keeps it',
    async run({ stall, stoppable, sweep, blobs }) {
      const stop = stoppable('before recordIntent')
      const [draft, message] = [stop.session('session', 'draft'), stop.session('session', 'message')]
      const ref = await draft.putText('a', { mediaType: 'text/csv', label: 'a.csv' })
      const adopting = await stop.stallThere(() => message.adopt([ref], draft))
      const sweeping = await stall('before delete', pair => pair.sweep())
      assert.deepEqual(await adopting.goOn(), [{ ...ref, generation: 1 }])
      await message.commit()
      await sweeping.goOn()
      await message.mustRead('a', 'the sweeper deleted the copy that it had claimed')
      assert.deepEqual(await blobs(), ['a@1'])
      await sweep()
      assert.equal((await message.ref(idOf('a')))?.label, 'a.csv')
      await message.mustRead('a', 'after another sweep')
    },
  },
  'put-again-meanwhile': {
    title: 'an adoption during which a sweep takes the bytes and the source puts them again adopts the new copy',
    async run({ stoppable, sweep, session }) {
      const stop = stoppable('before recordIntent')
      const fork = stop.session('fork')
      await session().putText('a')
      const adopting = await stop.stallThere(() => fork.adopt(refsTo('a'), stop.session()))
      await sweep()
      const again = await session().hold('a')
      assert.ok((again.generation ?? 0) > 0)
      assert.deepEqual(await adopting.goOn(), [again])
      await fork.commit()
      await session().release()
      await sweep()
      await fork.mustRead('a', 'adopted')
    },
  },
  'committed-meanwhile': {
    title: 'an adoption that finds no bytes releases nothing of what its holder has put and committed meanwhile',
    async run({ stoppable, sweep, session }) {
      const outer = stoppable('before recordIntent')
      const pair = outer.stoppable('after stat')
      const fork = pair.session('fork')
      await session().putText('a')
      const before = await outer.stallThere(() => fork.adopt(refsTo('a'), pair.session()))
      await sweep()
      const looked = await pair.stallThere(() => before.goOn())
      await session('fork').hold('a')
      await rejectsWith(looked.goOn(), 'not_found', 'adopt')
      await sweep()
      await session('fork').mustRead('a', 'put and committed by the holder itself')
    },
  },
  'put-again-after-the-look': {
    title: 'an adoption that finds no bytes looks again when the source has put them anew',
    async run({ stoppable, sweep, session }) {
      const outer = stoppable('before recordIntent')
      const pair = outer.stoppable('after stat')
      const fork = pair.session('fork')
      await session().putText('a')
      const before = await outer.stallThere(() => fork.adopt(refsTo('a'), pair.session()))
      await sweep()
      const looked = await pair.stallThere(() => before.goOn())
      const again = await session().hold('a')
      assert.ok((again.generation ?? 0) > 0)
      assert.deepEqual(await looked.goOn(), [again])
      await fork.commit()
      await session().release()
      await sweep()
      await fork.mustRead('a', 'adopted')
    },
  },
  'released-after-the-intent': {
    title: 'bytes that the source releases after an adoption has recorded its intent are kept by its commit',
    async run({ stoppable, sweep }) {
      const stop = stoppable('after recordIntent')
      const [draft, message] = [stop.session('session', 'draft'), stop.session('session', 'message')]
      await draft.hold('a')
      const adopting = await stop.stallThere(() => message.adopt(refsTo('a'), draft))
      await draft.delete(idOf('a'))
      await adopting.goOn()
      await message.commit()
      await sweep()
      await message.mustRead('a', 'deleted by the draft while the message adopted it')
    },
  },
  'no-grace': {
    title: 'adoptions against sweeps without grace, all the time, never commit bytes that are gone',
    async run(pair) {
      const sweepers = new Sweepers(pair, 2)
      const texts = ['a', 'b']
      const chat = async (name: string) => {
        for (let turn = 0; turn < 2; turn++) {
          const [draft, message] = [pair.session(name, 'draft'), pair.session(name, `message ${turn}`)]
          for (const text of texts) await sweepers.outlast(() => draft.hold(text))
          await sweepers.outlast(() => message.take(draft, ...texts))
          await draft.release()
          for (const text of texts) await message.mustRead(text, `${name}, message ${turn}`)
          if (turn > 0) await pair.session(name, `message ${turn - 1}`).release()
        }
        const fork = pair.session(`fork of ${name}`)
        await sweepers.outlast(() => fork.take(pair.session(name), ...texts))
        await pair.session(name).release()
        for (const text of texts) await fork.mustRead(text, `fork of ${name}`)
      }
      const names = ['first', 'second']
      await Promise.all(names.map(chat)).finally(() => sweepers.stop())
      for (const name of names) {
        for (const text of texts) await pair.session(`fork of ${name}`).mustRead(text, 'in the end')
      }
    },
  },
})
