import assert from 'node:assert/strict'
import type { ManifestDriverCase } from '../../case.ts'
import { all, applyTo, atMost, type DriverUnderTest, driverGroup, everyEntry, keys } from '../driver-under-test.ts'

export const scanCases: readonly ManifestDriverCase[] = driverGroup('scan', {
  bounds: {
    title: 'a scan begins with the first key at or after its start, and ends before its end',
    async run({ driver, apply }) {
      await apply({ b: '2', d: '4', a: '1', f: '6', 'b/1': '3' })
      const scan = async (start: string, end: string, limit = 1000) =>
        (await driver.scan({ start, end, limit })).map(([key, value]) => key + value).join(' ')
      assert.equal(await scan('b', 'd'), 'b2 b/13', 'both bounds are keys')
      assert.equal(await scan('b ', 'e'), 'b/13 d4', 'no bound is a key')
      assert.equal(await scan('b/', 'b/~'), 'b/13', 'a prefix')
      assert.equal(await scan(' ', '~'), 'a1 b2 b/13 d4 f6', 'everything')
      assert.equal(await scan('c', 'd'), '', 'nothing between')
      assert.equal(await scan('d', 'd'), '', 'an empty range')
      assert.equal(await scan('g', '~'), '', 'after the last')
      assert.equal(await scan(' ', 'a'), '', 'before the first')
    },
  },
  limit: {
    title: 'a scan gives the first entries of its range up to its limit',
    async run({ driver, apply }) {
      const names = keys(atMost(driver, 40))
      await apply(all(names, 'v'))
      for (const limit of [1, 2, names.length - 1, names.length, names.length + 1, 1000]) {
        const entries = await driver.scan({ start: 'key', end: 'key~', limit })
        assert.deepEqual(
          entries.map(([key]) => key),
          names.slice(0, limit),
          `limit ${limit}`,
        )
      }
      assert.deepEqual(await driver.scan({ start: names[1] as string, end: '~', limit: 1 }), [[names[1], 'v']])
    },
  },
  thousands: {
    title: 'thousands of keys, written in any order, are scanned in order of their codes, page by page, each once',
    async run(subject) {
      const names = Array.from({ length: 2500 }, (_, at) => `${at % 2 ? 'k' : 'K'}/${(at * 7919) % 2503}`)
      await writeMany(subject, names)
      const sorted = [...names].sort()
      for (const limit of [1000, 617]) {
        const entries = await everyEntry(subject.driver, limit)
        assert.deepEqual(
          entries.map(([key]) => key),
          sorted,
          `pages of ${limit}`,
        )
        assert.ok(
          entries.every(([key, value]) => value === `of ${key}`),
          'each key has its own value',
        )
      }
    },
  },
  'as-changed': {
    title: 'a scan shows each key once, with its latest value, and none that was deleted',
    async run({ driver, apply, hasEntries, reopenIfPossible }) {
      const other = await reopenIfPossible()
      await apply({ a: '1', b: '2', c: '3' })
      await hasEntries({ a: '1', b: '2', c: '3' }, 'written')
      await applyTo(other, { b: undefined, c: '4', d: '5' })
      await hasEntries({ a: '1', c: '4', d: '5' }, 'changed by another driver')
      await apply({ b: '6', a: undefined })
      assert.deepEqual(await everyEntry(other), Object.entries({ b: '6', c: '4', d: '5' }))
      assert.deepEqual(await driver.scan({ start: 'a', end: 'c', limit: 1 }), [['b', '6']])
    },
  },
})

async function writeMany({ driver }: DriverUnderTest, names: readonly string[]): Promise<void> {
  const step = atMost(driver, 1000)
  for (let from = 0; from < names.length; from += step) {
    const some = names.slice(from, from + step)
    assert.ok(await applyTo(driver, Object.fromEntries(some.map(key => [key, `of ${key}`]))))
  }
}
