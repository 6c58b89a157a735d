import assert from 'node:assert/strict'
import type { ManifestDriverCase } from '../../case.ts'
import { applyTo, driverGroup, everyEntry } from '../driver-under-test.ts'

export const durabilityCases: readonly ManifestDriverCase[] = driverGroup('durability', {
  'told-truly': {
    title: 'persistence is "durable" or "crash-safe" as the harness declares, and "ephemeral" when it declares neither',
    async run({ driver, has }) {
      const outlives = has('crash-safe') ? 'crash-safe' : 'ephemeral'
      assert.equal(driver.persistence, has('durable') ? 'durable' : outlives)
      assert.equal(driver.specificationVersion, 1)
      assert.notEqual(driver.name, '')
    },
  },
  closed: {
    title: 'to close a driver takes nothing from the map, and no other driver is closed with it',
    requires: ['reopen'],
    async run({ driver, apply, reopen, close }) {
      const [second, third] = [await reopen(), await reopen()]
      await applyTo(second, { a: '1' })
      await close(second)
      assert.deepEqual(await third.get(['a']), ['1'])
      assert.ok(await apply({ a: '2', b: '3' }, { a: '1' }))
      await close(third)
      const fourth = await reopen()
      assert.deepEqual(await everyEntry(fourth), Object.entries({ a: '2', b: '3' }))
      assert.ok(await applyTo(fourth, { b: undefined }, { a: '2', b: '3' }))
      assert.deepEqual(await driver.get(['a', 'b']), ['2', undefined])
    },
  },
  'another-process': {
    title: 'what one process has applied, another sees at once, and neither makes a change that the other has undercut',
    requires: ['child'],
    async run({ driver, apply, startProcess }) {
      const { remote } = await startProcess()
      assert.ok(await apply({ a: '1' }, { a: undefined }))
      assert.deepEqual(await remote.get(['a', 'b']), ['1', null])
      assert.equal(await remote.apply([['a', null]], [['a', '2']]), false)
      assert.equal(
        await remote.apply(
          [['a', '1']],
          [
            ['a', '2'],
            ['b', '3'],
          ],
        ),
        true,
      )
      assert.deepEqual(await everyEntry(driver), Object.entries({ a: '2', b: '3' }))
      assert.ok(!(await apply({ a: '4' }, { a: '1' })))
      const [applied, theirs] = await Promise.all([
        apply({ a: 'here' }, { a: '2' }),
        remote.apply([['a', '2']], [['a', 'there']]),
      ])
      assert.ok(applied !== theirs, 'one of both is made')
      assert.deepEqual(await driver.get(['a']), [applied ? 'here' : 'there'])
      await remote.close()
    },
  },
  killed: {
    title: 'when a process is killed at any moment, what it had applied is there, and no apply is there in part',
    requires: ['crash-safe', 'child'],
    async run({ driver, startProcess }) {
      for (let round = 0; round < 3; round++) {
        const child = await startProcess()
        const applying = child.remote.applyUntilKilled(`round ${round}`, 20)
        const told: string[] = []
        for (let turn = 0; turn < 4 + 5 * round; turn++) told.push(await Promise.race([child.nextEvent(), applying]))
        await child.kill()
        told.push(...(await child.restOfEvents()))
        const entries = await driver.scan({ start: `round ${round}`, end: `round ${round}~`, limit: 1000 })
        const [values, last] = [new Set(entries.map(([, value]) => value)), Number(told.at(-1))]
        assert.equal(entries.length, 20, 'each apply writes twenty keys')
        assert.equal(values.size, 1, `these were written together: ${[...values].join()}`)
        assert.ok(Number([...values][0]) >= last, `${last} had been applied, and ${[...values].join()} is there`)
      }
    },
  },
})
