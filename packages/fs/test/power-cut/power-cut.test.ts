import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { contentId } from '@lash/attachments-core'
import { cannotRecord, type Operation, record } from '@lash/attachments-testing/power-cut'
import { describe, expect, test } from 'vitest'
import { cutEverywhere, newPath } from './replay.ts'
import { body, type Scenario, streamedBody } from './scenarios.ts'

if (cannotRecord !== undefined) console.log(`power cut tests skipped: ${cannotRecord}`)

const writer = fileURLToPath(new URL('./writer.ts', import.meta.url))

/** Runs a scenario in `<fresh folder>/deep/root`. Returns the folder and the operations in it. */
async function recorded(scenario: Scenario, ...more: string[]): Promise<{ base: string; operations: Operation[] }> {
  const base = newPath('recorded')
  mkdirSync(base)
  return { base, operations: await record(base, writer, join(base, 'deep', 'root'), scenario, ...more) }
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
  test('everything but the name of the bytes is synced before that, and this before put resolves', async () => {
    const { base, operations } = await recorded('first')
    const id = contentId(body)
    const shard = join(base, 'deep', 'root', 'sha256', id.slice(0, 2))
    const sidecar = join(shard, `${id}.json`)
    const paths = new Map<number, string>()
    const syncs = new Map<number, string>()
    const told: string[] = []
    for (const operation of operations) {
      if (operation.kind === 'open') paths.set(operation.file, operation.path)
      if (operation.kind === 'open' && operation.path === sidecar) told.push('sidecar named')
      if (operation.kind === 'sync-begin') syncs.set(operation.sync, paths.get(operation.file) ?? '')
      if (operation.kind === 'sync-end') {
        const path = syncs.get(operation.sync) ?? ''
        if (path === shard) told.push('folder synced')
        else if (path === sidecar) told.push('sidecar synced')
        else if (path.includes(`${id}~`)) told.push('bytes synced')
      }
      if (operation.kind === 'rename' && operation.to === join(shard, id)) told.push('bytes named')
      if (operation.kind === 'mark') told.push('resolved')
    }
    expect(told.filter(event => event !== 'bytes synced')).toEqual([
      'sidecar named',
      'sidecar synced',
      'folder synced',
      'bytes named',
      'folder synced',
      'resolved',
    ])
    expect(told.indexOf('bytes synced')).toBeLessThan(told.indexOf('bytes named'))
  })
})
