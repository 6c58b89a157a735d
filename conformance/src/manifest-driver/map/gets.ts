import assert from 'node:assert/strict'
import type { ManifestDriverCase } from '../../case.ts'
import { all, applyTo, driverGroup, everyEntry, keys } from '../driver-under-test.ts'
import { hostileKeys, hostileValues } from './hostile-text.ts'

export const getCases: readonly ManifestDriverCase[] = driverGroup('get', {
  'in-order': {
    title: 'get gives a value for each key, in the order of the keys, and undefined where a key is absent',
    async run({ driver, apply }) {
      assert.deepEqual(await driver.get([]), [])
      assert.deepEqual(await driver.get(['a']), [undefined])
      await apply({ a: '1', c: '3', b: '2', empty: '' })
      assert.deepEqual(await driver.get(['c', 'x', 'a', 'b', 'y', 'empty']), ['3', undefined, '1', '2', undefined, ''])
      assert.deepEqual(await driver.get(['b']), ['2'])
    },
  },
  thousand: {
    title: 'get takes a thousand keys at once',
    async run({ driver, apply }) {
      const wanted = keys(1000).map((key, at) => [key, at % 50 === 7 || at === 999 ? `of ${key}` : undefined] as const)
      const there = wanted.filter(([, value]) => value !== undefined)
      for (const [key, value] of there.reverse()) assert.ok(await apply({ [key]: value }))
      const values = await driver.get(wanted.map(([key]) => key))
      assert.deepEqual(
        values,
        wanted.map(([, value]) => value),
      )
    },
  },
  'any-value': {
    title: 'a value comes back as it was written, whatever text it is, and counts as that text and no other',
    async run({ driver, hasEntries }) {
      const values = Object.fromEntries(hostileValues.map((value, at) => [keys(100)[at] as string, value]))
      await writeAll(driver, values)
      assert.deepEqual(await driver.get(Object.keys(values)), hostileValues)
      await hasEntries(values, 'scanned')
      for (const [key, value] of Object.entries(values)) {
        const shown = JSON.stringify(value.slice(0, 20))
        assert.ok(await applyTo(driver, {}, { [key]: value }), `${shown} does not count as itself`)
        const others = [`${value} `, `${value}\n`, undefined, value === '' ? '0' : '', value.normalize('NFC')]
        for (const other of others.filter(other => other !== value)) {
          assert.ok(!(await applyTo(driver, {}, { [key]: other })), `${shown} counts as ${JSON.stringify(other)}`)
        }
      }
    },
  },
  'any-key': {
    title: 'a key is taken as it is: every printable ASCII character, upper and lower case, 512 characters',
    async run({ driver }) {
      const values = Object.fromEntries(hostileKeys.map((key, at) => [key, `value ${at}`]))
      await writeAll(driver, values)
      assert.deepEqual(
        await driver.get(hostileKeys),
        hostileKeys.map((_, at) => `value ${at}`),
      )
      const inOrder = [...hostileKeys].sort()
      assert.deepEqual(
        (await everyEntry(driver)).map(([key]) => key),
        inOrder,
      )
      for (const key of hostileKeys) assert.ok(await applyTo(driver, { [key]: undefined }, { [key]: values[key] }), key)
      assert.deepEqual(await everyEntry(driver), [])
    },
  },
  deleted: {
    title: 'a key that was deleted is absent, and can be written again; to delete an absent key does nothing',
    async run({ driver, apply, hasEntries }) {
      await apply({ a: '1', b: '2' })
      assert.ok(await apply({ a: undefined, x: undefined }))
      assert.deepEqual(await driver.get(['a', 'b', 'x']), [undefined, '2', undefined])
      await hasEntries({ b: '2' }, 'after the delete')
      assert.ok(await apply({ a: '' }, { a: undefined }))
      await hasEntries({ a: '', b: '2' }, 'written again')
    },
  },
  isolated: {
    title: 'a fresh map is empty, whatever others hold',
    async run({ driver, apply, another, hasEntries }) {
      const other = await another()
      await apply({ a: '1' })
      assert.deepEqual(await other.get(['a']), [undefined])
      assert.deepEqual(await everyEntry(other), [])
      await applyTo(other, all(['a'], undefined))
      await hasEntries({ a: '1' }, 'the first map')
      assert.deepEqual(await driver.get(['a']), ['1'])
    },
  },
})

/** In as many steps as the driver needs. */
async function writeAll(
  driver: Parameters<typeof applyTo>[0],
  values: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [key, value] of Object.entries(values))
    assert.ok(await applyTo(driver, { [key]: value }, { [key]: undefined }))
}
