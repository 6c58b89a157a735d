import assert from 'node:assert/strict'
import type { ManifestDriverCase } from '../../case.ts'
import { all, atMost, driverGroup, keys, type Values } from '../driver-under-test.ts'

export const applyCases: readonly ManifestDriverCase[] = driverGroup('apply', {
  'told-apart': {
    title:
      'apply makes all writes and gives true when every read holds, and gives false and makes none when one does not',
    async run({ apply, hasEntries }) {
      assert.equal(await apply({ a: '1', b: '2' }, { a: undefined, b: undefined }), true)
      assert.equal(await apply({ a: '3', b: undefined, c: '4' }, { a: '1', b: '2', c: undefined }), true)
      await hasEntries({ a: '3', c: '4' }, 'every read held')
      assert.equal(await apply({ d: '7', a: '5', b: '6', c: undefined }, { a: '3', b: undefined, c: '3' }), false)
      await hasEntries({ a: '3', c: '4' }, 'one read did not hold')
    },
  },
  'each-read-counts': {
    title: 'one read that does not hold is enough, whichever it is and whatever is written',
    async run({ driver, apply, hasEntries }) {
      const names = keys(atMost(driver, 40) / 2)
      const values = all(names, 'v')
      await apply(values)
      for (const [at, name] of names.entries()) {
        const reads: Values = { ...values, [name]: at % 2 ? 'w' : undefined }
        const writes = { x: 'w', ...(at % 3 ? {} : { [name]: 'w' }) }
        assert.equal(await apply(writes, reads), false, `read ${at} of ${names.length}`)
      }
      await hasEntries(values, 'nothing was written')
      assert.equal(await apply({}, values), true)
    },
  },
  'absent-reads': {
    title:
      'a read of an absent key holds until the key is there, even with an empty value, and again when it is deleted',
    async run({ apply }) {
      assert.equal(await apply({ a: '' }, { b: undefined }), true)
      assert.equal(await apply({ x: '1' }, { a: undefined }), false, 'the key has an empty value')
      assert.equal(await apply({ x: '1' }, { a: '', b: undefined }), true)
      assert.equal(await apply({ x: '2' }, { b: '' }), false, 'an absent key has no empty value')
      assert.equal(await apply({ a: undefined }), true)
      assert.equal(await apply({ x: '3' }, { a: '' }), false, 'the key was deleted')
      assert.equal(await apply({ x: '3' }, { a: undefined }), true)
    },
  },
  'same-key': {
    title: 'a key may be read and written at once: the read is of before, the write is what stays',
    async run({ apply, hasEntries }) {
      assert.equal(await apply({ a: '1' }, { a: undefined }), true)
      assert.equal(await apply({ a: '2' }, { a: '2' }), false, 'the write is no read')
      assert.equal(await apply({ a: '2' }, { a: '1' }), true)
      assert.equal(await apply({ a: '2' }, { a: '2' }), true, 'the same value again')
      assert.equal(await apply({ a: undefined }, { a: undefined }), false)
      assert.equal(await apply({ a: undefined }, { a: '2' }), true)
      await hasEntries({}, 'deleted')
    },
  },
  'reads-alone': {
    title: 'without writes, apply tells whether the reads hold, and changes nothing',
    async run({ apply, hasEntries }) {
      assert.equal(await apply({}), true, 'neither reads nor writes')
      await apply({ a: '1', b: '' })
      assert.equal(await apply({}, { a: '1', b: '', c: undefined }), true)
      assert.equal(await apply({}, { a: '1', b: undefined }), false)
      assert.equal(await apply({}, { a: '1', c: '' }), false)
      assert.equal(await apply({}, { c: undefined, a: '2' }), false)
      await hasEntries({ a: '1', b: '' }, 'nothing was written')
    },
  },
  'writes-alone': {
    title: 'without reads, apply writes whatever is there',
    async run({ apply, hasEntries }) {
      assert.equal(await apply({ b: '1' }), true)
      assert.equal(await apply({ b: '2', a: '1' }), true)
      await hasEntries({ a: '1', b: '2' }, 'written over')
    },
  },
  largest: {
    title: 'apply takes thousands of reads and writes, or as many as the driver says, and makes all writes or none',
    async run({ driver, apply, hasEntries }) {
      const half = Math.floor(atMost(driver, 6000) / 2)
      const [read, written] = [keys(half), keys(half, 'other')]
      const step = atMost(driver, 1000)
      for (let from = 0; from < half; from += step) await apply(all(read.slice(from, from + step), 'v'))
      assert.equal(await apply(all(written, 'w'), { ...all(read, 'v'), [read.at(-1) as string]: 'x' }), false)
      await hasEntries(all(read, 'v'), 'the last read did not hold')
      assert.equal(await apply(all(written, 'w'), all(read, 'v')), true)
      await hasEntries({ ...all(read, 'v'), ...all(written, 'w') }, 'every read held')
      assert.equal(await apply(all(written, undefined), all(read, 'v')), true)
      await hasEntries(all(read, 'v'), 'deleted again')
    },
  },
})
