import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cannotRecord, type Operation, record } from '@lash/attachments-testing/power-cut'
import { afterAll, describe, expect, test } from 'vitest'
import { cutEverywhere, type Recording } from './cut-everywhere.ts'
import { hasHost } from './open.ts'
import type { Scenario } from './steps.ts'

if (cannotRecord !== undefined) console.log(`power cut tests skipped: ${cannotRecord}`)

const folder = mkdtempSync(join(tmpdir(), 'power-cut-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const fileHere = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
let count = 0

interface RecordingOptions {
  /** Options of Node for the recorded process. */
  nodeOptions?: string[]
  /** Arguments of Node for a process that runs before it; the path of the database is added to them. */
  before?: string[]
}

/** Runs a scenario in a fresh folder. A host's database is in that folder; ours is in one that we make. */
async function recorded(scenario: Scenario, { nodeOptions = [], before }: RecordingOptions = {}): Promise<Recording> {
  const base = join(folder, `recorded-${count++}`)
  mkdirSync(base)
  const database = hasHost(scenario) ? 'host.db' : 'deep/attachments.db'
  const path = join(base, database)
  const others = before === undefined ? [] : await record(base, ...before, path)
  const own = await record(base, ...nodeOptions, fileHere('writer.ts'), path, scenario)
  return { base, database, scenario, operations: [...others, ...own] }
}

let recordedFirstPut: Promise<Recording> | undefined

/** A process opens a file that is not there, puts something small, and closes. */
function firstPut(): Promise<Recording> {
  recordedFirstPut ??= recorded('first put')
  return recordedFirstPut
}

/** Gives every connection this `synchronous` instead of the one that it asks for. */
function weaker(synchronous: string): RecordingOptions {
  return { nodeOptions: ['--import', `${new URL('./weaker-sync.ts', import.meta.url)}?${synchronous}`] }
}

describe.skipIf(cannotRecord !== undefined)('a power cut after any operation', () => {
  test.each<[Scenario, number]>([
    ['life', 4],
    ['as guests', 4],
  ])('%s: what has resolved is there, what has not is there whole or not at all', async (scenario, chances) => {
    const { states, problems } = await cutEverywhere(await recorded(scenario), chances)
    expect(problems).toEqual([])
    expect(states).toBeGreaterThan(60)
  })

  test('with a rollback journal, what another put and did not sync is synced before a put of it resolves', async () => {
    expect((await cutEverywhere(await recorded('after another guest'), 2)).problems).toEqual([])
  })

  test('what the host has committed without a sync is synced before a commit of the same resolves', async () => {
    expect((await cutEverywhere(await recorded('guests in WAL mode'), 2)).problems).toEqual([])
  })

  test('a blob that a killed process has written and not synced is synced before a put of it resolves', async () => {
    const recording = await recorded('first put', { before: [fileHere('unsynced-writer.ts')] })
    expect((await cutEverywhere(recording, 2)).problems).toEqual([])
  })

  test('a folder that a killed process has made and not synced is synced before a put in it resolves', async () => {
    const makeFolder = 'fs.mkdirSync(path.dirname(process.argv[1]))'
    const recording = await recorded('first put', { before: ['--eval', makeFolder, '--'] })
    expect((await cutEverywhere(recording, 2)).problems).toEqual([])
  })
})

describe.skipIf(cannotRecord !== undefined)('the replay finds fault', () => {
  test.each<[Scenario, string]>([
    ['first put', 'NORMAL'],
    ['first put', 'OFF'],
    ['after another guest', 'FULL'],
  ])('%s: with connections that are synchronous = %s', async (scenario, synchronous) => {
    const { problems } = await cutEverywhere(await recorded(scenario, weaker(synchronous)), 0)
    expect(problems).toContain('bytes small: absent instead of whole')
  })

  test.each<[string, (path: string) => boolean]>([
    ['the log', path => path.endsWith('-wal')],
    ['the database', path => path.endsWith('.db')],
    ['its folder', path => path.endsWith('/deep')],
    ['the folder above', path => !path.includes('/deep')],
  ])('when the syncs of %s are left out', async (_what, isLeftOut) => {
    const recording = await firstPut()
    const pathOf = syncedPaths(recording.operations)
    const operations = recording.operations.filter(
      operation =>
        !(
          (operation.kind === 'sync-begin' || operation.kind === 'sync-end') &&
          isLeftOut(pathOf.get(operation.sync) ?? '')
        ),
    )
    expect(operations.length).toBeLessThan(recording.operations.length)
    const { problems } = await cutEverywhere({ ...recording, operations }, 0)
    expect(problems).not.toEqual([])
  })
})

describe.skipIf(cannotRecord !== undefined)('the order of one put', () => {
  test('the log is written, then synced, then put resolves; the folder is synced after the first sync', async () => {
    const { operations, base } = await firstPut()
    const pathOf = syncedPaths(operations)
    const log = join(base, 'deep', 'attachments.db-wal')
    const logFiles = new Set<number>()
    const told: string[] = []
    for (const operation of operations) {
      if (operation.kind === 'open' && operation.path === log) logFiles.add(operation.file)
      if (operation.kind === 'write' && logFiles.has(operation.file)) told.push('log written')
      if (operation.kind === 'sync-end' && pathOf.get(operation.sync) === log) told.push('log synced')
      if (operation.kind === 'sync-end' && pathOf.get(operation.sync) === join(base, 'deep')) told.push('folder synced')
      if (operation.kind === 'mark') told.push(operation.text)
    }
    const begun = told.indexOf('begun put small')
    // The commit of the schema. The sync of the folder makes the names of the log and of the database durable.
    expect(once(told.slice(told.indexOf('log written'), begun)).slice(0, 3)).toEqual([
      'log written',
      'log synced',
      'folder synced',
    ])
    expect(once(told.slice(begun, told.indexOf('done put small') + 1))).toEqual([
      'begun put small',
      'log written',
      'log synced',
      'done put small',
    ])
  })
})

/** The events, without repetitions in a row. */
function once(events: readonly string[]): string[] {
  return events.filter((event, index) => event !== events[index - 1])
}

/** By sync: the path that was synced. */
function syncedPaths(operations: readonly Operation[]): Map<number, string> {
  const opened = new Map<number, string>()
  const synced = new Map<number, string>()
  for (const operation of operations) {
    if (operation.kind === 'open') opened.set(operation.file, operation.path)
    if (operation.kind === 'sync-begin') synced.set(operation.sync, opened.get(operation.file) ?? '')
  }
  return synced
}
