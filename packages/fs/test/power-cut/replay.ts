import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AttachmentStoreError, contentId } from '@lash/attachments-core'
import { FileAttachmentStore } from '@lash/attachments-fs'
import { Disk, type DiskState, describeState, type Operation, restoreState } from '@lash/attachments-testing/power-cut'
import { afterAll, expect } from 'vitest'
import { meta } from './scenarios.ts'

/** Where a test file records, and restores what power cuts leave. */
export const folder: string = mkdtempSync(join(tmpdir(), 'power-cut-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0

/** A path in it that nothing has had. */
export function newPath(title: string): string {
  return join(folder, `${title}-${count++}`)
}

/** What a store finds in a state of the disk. A put afterwards must work, whatever is there. */
async function reading(state: DiskState, bytes: Uint8Array): Promise<'absent' | 'whole' | string> {
  const base = newPath('state')
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

export interface Outcome {
  /** How many distinct states there were. */
  states: number
  /** By the last mark before the power cut: what was found. */
  found: Map<string, Set<string>>
}

/**
 * Cuts the power after every operation, and reads every state that may be left.
 *
 * @param readings - what was found in states that were read before, of the same bytes.
 */
export async function cutEverywhere(
  base: string,
  operations: readonly Operation[],
  bytes: Uint8Array,
  readings: Map<string, string> = new Map(),
): Promise<Outcome> {
  const disk = new Disk(base)
  const states = new Set<string>()
  const found = new Map<string, Set<string>>()
  let mark = 'start'
  for (const operation of [undefined, ...operations]) {
    if (operation !== undefined) disk.apply(operation)
    if (operation?.kind === 'mark') mark = operation.text
    for (const state of disk.statesAfterPowerCut(path => path === '/deep/root/tmp')) {
      const key = describeState(state)
      const known = readings.get(key) ?? (await reading(state, bytes))
      readings.set(key, known)
      states.add(key)
      found.set(mark, (found.get(mark) ?? new Set()).add(known))
    }
  }
  return { states: states.size, found }
}
