import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'prettier'
import { expect, test } from 'vitest'
import { cells } from '../bench/src/measure/cell.ts'
import { medianInterval } from '../bench/src/measure/statistics.ts'
import { parts, type Run, writeInto } from '../bench/src/report/readme.ts'
import type { CellResult, Row } from '../bench/src/report/result.ts'
import { root } from './step.ts'

const readme = readFileSync(join(root, 'bench/README.md'), 'utf8')

const run: Run = {
  machine: {
    node: 'v24.0.0',
    system: 'Linux 6.1',
    cores: 2,
    processor: 'a processor',
    memoryGiB: 8,
    date: '2026-01-02',
    fileSystem: 'ext4 with a journal',
    commit: 'abcdef0',
  },
  rounds: 3,
  results: [
    result('fs put 1 KiB x1', [
      ['attachments-fs', 0.4849, 0.9],
      ['attachments-fs relaxed', 2.44, 0.896],
    ]),
    result('fs put 1 MiB x32', [['attachments-fs', 12.3, 0.894]], 21),
    result('memory put 1 KiB x1', [['attachments-memory', 0.997, 0.8]]),
    result('sqlite get 64 KiB x1', [
      ['attachments-sqlite', 0.994, 0.8],
      ['attachments-sqlite unverified', 1, 0.79],
    ]),
    result('s3 stream out 1 GiB x1', [['attachments-s3', 1.5, undefined]]),
  ],
}

test('what a run has shown is written between the markers of the README, and nothing else changes', async () => {
  const written = writeInto(readme, run)
  const [before, , after] = parts(readme)
  const [, shown] = parts(written)
  expect(written.startsWith(before) && written.endsWith(after)).toBe(true)
  expect(shown.slice(shown.indexOf('| measured on')).trim()).toBe(
    `
| measured on |                                         |
| ----------- | --------------------------------------- |
| machine     | 2 cores, a processor, 8 GiB             |
| system      | Linux 6.1, Node v24.0.0                 |
| files       | ext4 with a journal                     |
| commit      | abcdef0, 2026-01-02, median of 3 rounds |

| put of    | fs, durable  | fs, relaxed | memory      |
| --------- | ------------ | ----------- | ----------- |
| 1 KiB x1  | 0.48↓ / 0.90 | 2.4 / 0.90  | 1.00 / 0.80 |
| 1 MiB x32 | 12 / 0.89↓   |             |             |

| verified get of | sqlite       |
| --------------- | ------------ |
| 64 KiB x1       | 0.99↓ / 0.80 |

| unverified get of | sqlite       |
| ----------------- | ------------ |
| 64 KiB x1         | 1.00 / 0.79↓ |

| verified stream out of | s3       |
| ---------------------- | -------- |
| 1 GiB x1               | 1.50 / - |

| event loop, ms, 99% of waits | fs, durable  |
| ---------------------------- | ------------ |
| 1 MiB x32                    | 21↓ (busy 7) |

What is below the target, beside whom:

| cell                 | ours                          | best peer         | floor           |
| -------------------- | ----------------------------- | ----------------- | --------------- |
| fs put 1 KiB x1      | attachments-fs                | 0.48 of a peer    |                 |
| fs put 1 MiB x32     | attachments-fs                |                   | 0.89 of a floor |
| fs put 1 MiB x32     | attachments-fs                | event loop: 21 ms |                 |
| sqlite get 64 KiB x1 | attachments-sqlite            | 0.99 of a peer    |                 |
| sqlite get 64 KiB x1 | attachments-sqlite unverified |                   | 0.79 of a floor |
`.trim(),
  )
  expect(await format(written, { parser: 'markdown', proseWrap: 'always', printWidth: 100 })).toBe(written)
  expect(writeInto(written, run)).toBe(written)
})

test('a README that has lost a marker is refused', () => {
  expect(() => writeInto('# Benchmark', run)).toThrow('lacks')
})

test('the median of few values is anywhere between them; of many, between those in the middle', () => {
  expect(medianInterval([3, 1, 2])).toEqual([1, 3])
  expect(medianInterval([6, 5, 4, 3, 2, 1])).toEqual([1, 6])
  expect(medianInterval([1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual([2, 8])
  expect(medianInterval(Array.from({ length: 40 }, (_, index) => index + 1))).toEqual([14, 27])
})

type Ratios = [name: string, toBestPeer: number | undefined, toFloor: number | undefined]

function result(id: string, ratios: Ratios[], loopDelay = 0): CellResult {
  const cell = cells.find(cell => cell.id === id)
  if (cell === undefined) throw new Error(`there is no cell ${id}`)
  const ratio = (value: number | undefined, name: string) => (value === undefined ? undefined : { ratio: value, name })
  return {
    cell,
    rows: ratios.map(([name]) => rowOf(name, loopDelay)),
    failures: [],
    comparisons: ratios.map(([name, toBestPeer, toFloor]) => ({
      name,
      toBestPeer: ratio(toBestPeer, 'a peer'),
      toFloor: ratio(toFloor, 'a floor'),
    })),
  }
}

function rowOf(name: string, loopDelay: number): Row {
  const common = { role: 'ours', durability: 'power cut', atomic: true, verifies: true } as const
  const figures = { opsPerSecond: 1, megabytesPerSecond: 1, p50: 1, p99: 1, processor: 1, loopBusy: 7, peakMemory: 1 }
  return { ...common, ...figures, name, loopDelay }
}
