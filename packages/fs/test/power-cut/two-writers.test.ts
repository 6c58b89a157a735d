import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cannotRecord, type Operation, record } from '@lash/attachments-testing/power-cut'
import { describe, expect, test } from 'vitest'
import { cutEverywhere, newPath } from './replay.ts'
import { body, type Ending, type Others, type Task } from './scenarios.ts'

/*
 * Two stores at work on the same name: one is stopped before any of its calls while the other does all of its work,
 * and the power is cut after any operation of either.
 */

const child = fileURLToPath(new URL('./stopped-task.ts', import.meta.url))

/** Of the operations of many runs, those in the folder of one, and its marks. */
function operationsOf(operations: readonly Operation[], run: number, base: string): Operation[] {
  const isInside = (path: string): boolean => path.startsWith(`${base}/`)
  // Of files and syncs, no number is used twice.
  const files = new Set<number>()
  const syncs = new Set<number>()
  const isOwn = (operation: Operation): boolean => {
    if (operation.kind === 'open' && (operation.path === base || isInside(operation.path))) files.add(operation.file)
    if (operation.kind === 'sync-begin' && files.has(operation.file)) syncs.add(operation.sync)
    if ('file' in operation) return files.has(operation.file)
    if ('sync' in operation) return syncs.has(operation.sync)
    if ('path' in operation) return isInside(operation.path)
    return 'to' in operation && isInside(operation.to)
  }
  return operations.flatMap<Operation>(operation => {
    if (operation.kind !== 'mark') return isOwn(operation) ? [operation] : []
    const [number, text = ''] = operation.text.split(' ')
    return Number(number) === run ? [{ kind: 'mark', text }] : []
  })
}

describe.skipIf(cannotRecord !== undefined)('a power cut after any operation of', () => {
  test.each<[Task, Others, Ending]>([
    ['put', 'put', 'goes on'],
    ['put', 'put', 'fails to sync'],
    ['put', 'put', 'is aborted'],
    ['put', 'remove', 'goes on'],
    ['put', 'remove, put', 'goes on'],
    ['put', 'remove, put', 'fails to sync'],
    ['put', 'put, remove', 'goes on'],
    ['remove', 'put', 'goes on'],
    ['heal', 'put', 'goes on'],
    ['heal', 'put', 'fails to sync'],
    ['remove', 'remove, put', 'goes on'],
  ])('a %s that stops before any of its calls for another store to %s, and then %s', async (...given) => {
    const folder = newPath('runs')
    mkdirSync(folder)
    const operations = await record(folder, child, folder, ...given)
    const readings = new Map<string, string>()
    const found: Record<string, string[]> = {}
    const ends = operations.filter(operation => operation.kind === 'mark' && operation.text.endsWith(' end'))
    for (let run = 1; run <= ends.length; run++) {
      const base = join(folder, String(run))
      const outcome = await cutEverywhere(base, operationsOf(operations, run, base), body, readings)
      for (const [mark, states] of outcome.found) found[mark] = [...new Set([...(found[mark] ?? []), ...states])].sort()
    }
    expect(ends.length).toBeGreaterThan(14)
    expect(found.cut).toEqual([given[0] === 'heal' ? 'missing_meta' : 'absent', 'whole'])
    if (given[0] !== 'remove' && given[1].endsWith('put')) expect(found.whole).toEqual(['whole'])
    expect(readings.size).toBeGreaterThan(10)
  })
})
