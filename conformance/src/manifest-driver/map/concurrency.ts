import assert from 'node:assert/strict'
import type { AttachmentManifestDriver } from '@lash/attachments-core/backend'
import type { ManifestDriverCase } from '../../case.ts'
import { all, applyTo, driverGroup, everyEntry, keys } from '../driver-under-test.ts'

export const concurrencyCases: readonly ManifestDriverCase[] = driverGroup('concurrency', {
  'one-wins': {
    title: 'of many applies at once that rely on the same read and change it, exactly one is made, and that whole',
    async run({ driver, reopenIfPossible }) {
      const drivers = [driver, await reopenIfPossible()]
      for (let round = 0; round < 10; round++) {
        const key = `round ${round}`
        const seen = round % 2 ? 'seen' : undefined
        if (seen !== undefined) await applyTo(driver, { [key]: seen })
        const applied = await Promise.all(
          Array.from({ length: 16 }, (_, at) =>
            applyTo(one(drivers, at), { [key]: `${at}`, [`${key} too`]: `${at}` }, { [key]: seen }),
          ),
        )
        const winner = String(applied.indexOf(true))
        assert.equal(applied.filter(Boolean).length, 1, `${key}: how many were made`)
        assert.deepEqual(await driver.get([key, `${key} too`]), [winner, winner], `${key}: what the one wrote`)
      }
    },
  },
  'write-skew': {
    title: 'of two applies at once that each rely on what the other changes, one at most is made',
    async run({ driver, reopenIfPossible }) {
      const other = await reopenIfPossible()
      const pairs = keys(40)
      const made = await Promise.all(
        pairs.map(key => {
          const [a, b] = [`${key} a`, `${key} b`]
          const reads = all([a, b], undefined)
          return Promise.all([applyTo(driver, { [a]: '1' }, reads), applyTo(other, { [b]: '1' }, reads)])
        }),
      )
      for (const [at, [first, second]] of made.entries()) assert.ok(!(first && second), `${pairs[at]}: both were made`)
      assert.ok(
        made.some(([first, second]) => first || second),
        'none was made',
      )
    },
  },
  counted: {
    title: 'no change is lost where many change the same keys: each adds one to both, and both end at the sum',
    async run({ driver, reopenIfPossible }) {
      const drivers = [driver, await reopenIfPossible()]
      await applyTo(driver, { a: '0', b: '0' })
      const [workers, turns] = [8, 5]
      const work = async (worker: number) => {
        for (let turn = 0; turn < turns; turn++) await addOne(one(drivers, worker))
      }
      await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)))
      assert.deepEqual(await driver.get(['a', 'b']), [`${workers * turns}`, `${workers * turns}`])
    },
  },
  'never-halfway': {
    title: 'no apply relies on a part of another: two keys that are always written together are never read apart',
    async run({ driver, reopenIfPossible }) {
      const other = await reopenIfPossible()
      const names = keys(10)
      await applyTo(driver, all(names, '0'))
      let isDone = false
      const write = async () => {
        for (let turn = 1; turn <= 30; turn++) await applyTo(driver, all(names, `${turn}`))
        isDone = true
      }
      const read = async () => {
        while (!isDone) {
          const values = await other.get(names)
          const holds = await applyTo(other, {}, Object.fromEntries(names.map((name, at) => [name, values[at]])))
          assert.ok(!holds || new Set(values).size === 1, `these held together: ${values.join()}`)
        }
      }
      await Promise.all([write(), read(), read()])
      assert.deepEqual(await other.get(names), Array(10).fill('30'))
    },
  },
  'seen-at-once': {
    title: 'what one driver has applied, every call of another sees that begins later',
    requires: ['reopen'],
    async run({ driver, reopen }) {
      const drivers = [driver, await reopen(), await reopen()]
      // Whoever remembers what it saw has seen this.
      for (const other of drivers) assert.deepEqual(await other.get(['a', 'b']), [undefined, undefined])
      for (let turn = 0; turn < 12; turn++) {
        const [writer, get, scan, check] = [0, 1, 2, 3].map(step => one(drivers, turn + step))
        const value = String(turn)
        assert.ok(await applyTo(writer as AttachmentManifestDriver, { a: value, b: turn % 3 ? value : undefined }))
        assert.deepEqual(await get?.get(['a']), [value], 'by get')
        const expected = Object.entries({ a: value, ...(turn % 3 ? { b: value } : {}) })
        assert.deepEqual(await everyEntry(scan as AttachmentManifestDriver), expected, 'by scan')
        assert.ok(await applyTo(check as AttachmentManifestDriver, {}, { a: value }), 'by apply')
      }
    },
  },
  'many-at-once': {
    title: 'many calls of every kind may be in flight at once',
    async run({ driver }) {
      const names = keys(100)
      const applied = await Promise.all(names.map(name => applyTo(driver, { [name]: name }, { [name]: undefined })))
      assert.ok(applied.every(Boolean), 'applies of different keys do not stop each other for ever')
      const [got, scanned] = await Promise.all([
        Promise.all(names.map(name => driver.get([name]))),
        Promise.all(names.map(name => driver.scan({ start: name, end: '~', limit: 1 }))),
      ])
      assert.deepEqual(got.flat(), names)
      assert.deepEqual(
        scanned.flat(),
        names.map(name => [name, name]),
      )
    },
  },
})

function one(drivers: readonly AttachmentManifestDriver[], at: number): AttachmentManifestDriver {
  return drivers[at % drivers.length] as AttachmentManifestDriver
}

async function addOne(driver: AttachmentManifestDriver): Promise<void> {
  for (;;) {
    const [a = '', b = ''] = await driver.get(['a', 'b'])
    if (await applyTo(driver, { a: `${Number(a) + 1}`, b: `${Number(b) + 1}` }, { a, b })) return
  }
}
