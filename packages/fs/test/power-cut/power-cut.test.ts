import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import {
  cannotRecord,
  Disk,
  type DiskState,
  describeState,
  type Operation,
  record,
  restoreState,
} from '@lash/attachments-testing/power-cut'
import { afterAll, describe, expect, test } from 'vitest'
import { body, meta, type Scenario, streamedBody } from './scenarios.ts'

if (cannotRecord !== undefined) console.log(`power cut tests skipped: ${cannotRecord}`)

const folder = mkdtempSync(join(tmpdir(), 'power-cut-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const writer = fileURLToPath(new URL('./writer.ts', import.meta.url))
let count = 0

/** Runs a scenario in `<fresh folder>/deep/root`. Returns the folder and the operations in it. */
async function recorded(scenario: Scenario, ...more: string[]): Promise<{ base: string; operations: Operation[] }> {
  const base = join(folder, `recorded-${count++}`)
  mkdirSync(base)
  return { base, operations: await record(base, writer, join(base, 'deep', 'root'), scenario, ...more) }
}

/** What a store finds in a state of the disk. A put afterwards must work, whatever is there. */
async function reading(state: DiskState, bytes: Uint8Array): Promise<'absent' | 'whole' | string> {
  const base = join(folder, `state-${count++}`)
  restoreState(state, base)
  const store = new FileAttachmentStore(join(base, 'deep', 'root'), { durability: 'relaxed' })
  try {
    const found = await lookAt(store, bytes)
    await store.put(bytes, meta)
    const healed = await lookAt(store, bytes)
    // Bytes of the right length are not written again, even when they are zeros.
    return healed === 'whole' || found === 'corrupt' ? found : `${healed} after another put`
  } finally {
    await store.close()
    rmSync(base, { recursive: true })
  }
}

async function lookAt(store: FileAttachmentStore, bytes: Uint8Array): Promise<string> {
  const id = contentId(bytes)
  const seen: string[] = []
  for await (const listed of store.list()) if (listed.id === id) seen.push(listed.id)
  try {
    const stat = await store.stat(id)
    if (stat === undefined) return seen.length === 0 ? 'absent' : 'listed, and absent'
    const stored = await store.get(id)
    expect(stored.bytes).toEqual(bytes)
    expect(stored.meta).toEqual({ id, byteLength: bytes.byteLength, ...meta })
    return seen.length === 1 ? 'whole' : 'whole, and not listed'
  } catch (error) {
    if (AttachmentStoreError.isInstance(error)) return error.code
    throw error
  }
}

interface Outcome {
  /** How many distinct states there were. */
  states: number
  /** By the last mark before the power cut: what was found. */
  found: Map<string, Set<string>>
}

/** Cuts the power after every operation, and reads every state that may be left. */
async function cutEverywhere(base: string, operations: readonly Operation[], bytes: Uint8Array): Promise<Outcome> {
  const disk = new Disk(base)
  const readings = new Map<string, string>()
  const found = new Map<string, Set<string>>()
  let mark = 'start'
  for (const operation of [undefined, ...operations]) {
    if (operation !== undefined) disk.apply(operation)
    if (operation?.kind === 'mark') mark = operation.text
    for (const state of disk.statesAfterPowerCut(path => path === '/deep/root/tmp')) {
      const key = describeState(state)
      const known = readings.get(key) ?? (await reading(state, bytes))
      readings.set(key, known)
      found.set(mark, (found.get(mark) ?? new Set()).add(known))
    }
  }
  return { states: readings.size, found }
}

describe.skipIf(cannotRecord !== undefined)('a power cut after any operation', () => {
  test.each<[Scenario, Uint8Array]>([
    ['first', body],
    ['streamed', streamedBody],
    ['many at once', body],
  ])('%s: whole or absent before put has resolved, whole afterwards', async (scenario, bytes) => {
    const { base, operations } = await recorded(scenario)
    const { states, found } = await cutEverywhere(base, operations, bytes)
    expect([...(found.get('start') ?? [])].sort()).toEqual(['absent', 'whole'])
    expect([...(found.get('put') ?? [])]).toEqual(['whole'])
    expect(states).toBeGreaterThan(5)
  })

  test('put again after a delete', async () => {
    const { base, operations } = await recorded('put again after a delete')
    const { found } = await cutEverywhere(base, operations, body)
    expect([...(found.get('deleting') ?? [])].sort()).toEqual(['absent', 'whole'])
    for (const state of found.get('deleted') ?? []) expect(['absent', 'whole']).toContain(state)
    expect([...(found.get('put') ?? [])]).toEqual(['whole'])
  })

  test('put again after a removal without room', async () => {
    const { base, operations } = await recorded('removed without room')
    const { found } = await cutEverywhere(base, operations, body)
    expect([...(found.get('deleting') ?? [])].sort()).toEqual(['absent', 'whole'])
    for (const state of found.get('deleted') ?? ['nothing']) expect(['absent', 'whole']).toContain(state)
    expect([...(found.get('put') ?? [])]).toEqual(['whole'])
  })

  test('put again after one folder sync has failed: a refused put is absent, a resolved one whole', async () => {
    const made = new Set<string>()
    for (let when = 1; ; when++) {
      const { base, operations } = await recorded('put again after a sync has failed', String(when))
      const marks = operations.flatMap(operation => (operation.kind === 'mark' ? [operation.text] : []))
      const [outcome, isThere, path = ''] = marks[0]?.split(' ') ?? []
      if (path === 'nothing') break
      expect({ path, outcome }).toEqual({ path, outcome: 'refused' })
      const shard = join(base, 'deep', 'root', 'sha256', contentId(body).slice(0, 2))
      if (path !== shard) expect({ path, isThere }).toEqual({ path, isThere: 'absent' })
      // Folders that this put has made are made again; for others, nobody knows what was lost.
      const again = path !== shard && path.startsWith(base)
      expect({ path, marks: marks.slice(1) }).toEqual({ path, marks: [again ? 'put' : 'refused again'] })
      const { found } = await cutEverywhere(base, operations, body)
      for (const state of found.get('start') ?? []) expect(['absent', 'whole']).toContain(state)
      if (again) expect([...(found.get('put') ?? [])]).toEqual(['whole'])
      if (again) made.add(path.slice(base.length))
    }
    expect([...made].sort()).toEqual(['', '/deep', '/deep/root', '/deep/root/sha256'])
  })

  test('a removal that was killed, and what it left swept', async () => {
    const { base, operations } = await recorded('swept after a killed removal')
    const { found } = await cutEverywhere(base, operations, body)
    for (const mark of ['deleting', 'swept']) {
      for (const state of found.get(mark) ?? ['nothing']) expect(['absent', 'whole']).toContain(state)
    }
  })

  test('a blob that another writer has named and not synced is synced before a put of it resolves', async () => {
    const { base, operations } = await recorded('found, not synced')
    const { found } = await cutEverywhere(base, operations, body)
    expect([...(found.get('other') ?? [])].sort()).toContain('corrupt')
    expect([...(found.get('put') ?? [])]).toEqual(['whole'])
  })
})

describe.skipIf(cannotRecord !== undefined)('the replay', () => {
  const isSync = (operation: Operation): boolean => operation.kind === 'sync-begin' || operation.kind === 'sync-end'

  test('finds fault with every sync that is left out', async () => {
    const { base, operations } = await recorded('first')
    const syncs = operations.flatMap(operation => (operation.kind === 'sync-begin' ? [operation.sync] : []))
    // The folder above the root, the root and its parent, sha256, the shard twice, bytes, sidecar.
    expect(syncs.length).toBeGreaterThanOrEqual(8)
    for (const left of syncs) {
      const rest = operations.filter(
        operation => !((operation.kind === 'sync-begin' || operation.kind === 'sync-end') && operation.sync === left),
      )
      const { found } = await cutEverywhere(base, rest, body)
      const all = [...(found.get('start') ?? [])]
      const resolved = [...(found.get('put') ?? [])]
      const faulty =
        all.some(state => state !== 'absent' && state !== 'whole') || resolved.some(state => state !== 'whole')
      expect({ left, faulty }).toEqual({ left, faulty: true })
    }
  })

  test('finds fault with a put that syncs nothing', async () => {
    const { base, operations } = await recorded('first')
    const { found } = await cutEverywhere(
      base,
      operations.filter(operation => !isSync(operation)),
      body,
    )
    const states = [...(found.get('put') ?? [])]
    expect(states).toEqual(expect.arrayContaining(['absent', 'corrupt', 'metadata_decode', 'missing_meta', 'whole']))
  })
})

describe.skipIf(cannotRecord !== undefined)('the order of one put', () => {
  test('synced before they get their names, the folder after each, all before put resolves', async () => {
    const { base, operations } = await recorded('first')
    const id = contentId(body)
    const shard = join(base, 'deep', 'root', 'sha256', id.slice(0, 2))
    const paths = new Map<number, string>()
    const syncs = new Map<number, string>()
    const told: string[] = []
    for (const operation of operations) {
      if (operation.kind === 'open') paths.set(operation.file, operation.path)
      if (operation.kind === 'sync-begin') syncs.set(operation.sync, paths.get(operation.file) ?? '')
      if (operation.kind === 'sync-end') {
        const path = syncs.get(operation.sync) ?? ''
        if (path === shard) told.push('folder synced')
        else if (path.includes(`${id}.json~`)) told.push('sidecar synced')
        else if (path.includes(`${id}~`)) told.push('bytes synced')
      }
      if (operation.kind === 'rename' && operation.to === join(shard, id)) told.push('bytes named')
      if (operation.kind === 'rename' && operation.to === join(shard, `${id}.json`)) told.push('sidecar named')
      if (operation.kind === 'mark') told.push('resolved')
    }
    expect(told.filter(event => event !== 'bytes synced')).toEqual([
      'sidecar synced',
      'sidecar named',
      'folder synced',
      'bytes named',
      'folder synced',
      'resolved',
    ])
    expect(told.indexOf('bytes synced')).toBeLessThan(told.indexOf('bytes named'))
  })
})
