import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Random } from '@lash/attachments-conformance/explore'
import { openSqliteAttachments } from '@lash/attachments-sqlite'
import { newFolder } from '@lash/attachments-testing'
import {
  allKept,
  allLost,
  cannotRecord,
  Disk,
  type DiskState,
  describeState,
  randomFate,
  record,
  restoreState,
} from '@lash/attachments-testing/power-cut'
import { expect, test } from 'vitest'
import { rawDatabase } from '../folder.ts'
import { migratedRefs, version1File, written } from './version-1.ts'

/** Opens what a power cut has left, and returns the version that it was found at. */
async function reopened(state: DiskState): Promise<unknown> {
  const folder = join(newFolder(), 'left')
  restoreState(state, folder)
  const raw = rawDatabase(join(folder, 'attachments.db'))
  const version = raw.prepare('SELECT version FROM lash_attachments_schema').pluck().get()
  raw.close()
  const { manifest, close } = openSqliteAttachments(join(folder, 'attachments.db'))
  for (const sessionId of Object.values(written.sessions)) {
    expect(await Array.fromAsync(manifest.listRefs(sessionId))).toEqual(migratedRefs(sessionId))
  }
  await close()
  return version
}

test.skipIf(cannotRecord !== undefined)('a migration that a power cut ends is done whole or not at all', async () => {
  const base = newFolder()
  const file = join(newFolder(), 'version-1.db')
  writeFileSync(file, version1File)
  const child = fileURLToPath(new URL('./migrate.ts', import.meta.url))
  const operations = await record(base, child, join(base, 'attachments.db'), file)

  const random = new Random(7)
  const fates = [allLost, allKept, randomFate(random), randomFate(random)]
  const disk = new Disk(base)
  const versions = new Map<string, unknown>()
  let reached = ''
  for (const operation of operations) {
    disk.apply(operation)
    if (operation.kind === 'mark') reached = operation.text
    if (reached === '') continue
    for (const fate of fates) {
      const state = disk.stateAfterPowerCut(fate, path => path.endsWith('-shm'))
      const key = describeState(state)
      if (!versions.has(key)) versions.set(key, await reopened(state))
      if (reached === 'migrated') expect(versions.get(key)).toBe(2)
    }
  }
  expect(reached).toBe('migrated')
  expect(new Set(versions.values())).toEqual(new Set([1, 2]))
})
