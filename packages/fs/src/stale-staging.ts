import { lstat, readdir, rm } from 'node:fs/promises'
import { sep } from 'node:path'
import { parsePhysicalName } from '@lash/attachments-core/backend'
import type { Folders } from './folders.ts'
import type { Layout } from './layout.ts'
import type { Removal } from './removal.ts'
import { isWriterAlive } from './writer-name.ts'

/** After so long without a change, what a writer left that cannot be asked after is taken for abandoned. */
const abandonedMs = 24 * 60 * 60 * 1000

/**
 * Deletes what crashed writers left in `root/tmp`: at once when its writer is provably dead, after a day without a change when it
 * cannot be known (another machine or container).
 *
 * It would do no harm to be wrong: a write whose staged file is swept starts again, a removal whose mark is swept leaves a sidecar
 * without bytes, and a content whose spool file is swept still has it open. Times are compared with the time that the
 * same file system gives to a file of ours, not with this machine's clock.
 */
export async function sweepStaging(layout: Layout, folders: Folders, removal: Removal): Promise<void> {
  const now = (await lstat(folders.writerFolder)).mtimeMs
  const unfinished = new Set<string>()
  for (const entry of await namesIn(layout.staging)) {
    const path = layout.staging + sep + entry
    if (entry === folders.writerName || path === layout.removing) continue
    if (!(await isAbandoned(entry, path, now))) continue
    for (const staged of await namesIn(path)) noteName(staged, unfinished)
    await rm(path, { recursive: true, force: true })
  }
  for (const shard of await namesIn(layout.removing)) {
    for (const entry of await namesIn(layout.removing + sep + shard)) {
      const path = layout.removing + sep + shard + sep + entry
      const writer = entry.slice(entry.indexOf('~') + 1, entry.lastIndexOf('-'))
      if (writer === folders.writerName || !(await isAbandoned(writer, path, now))) continue
      noteName(entry, unfinished)
      await rm(path, { recursive: true, force: true })
    }
  }
  // A write or a removal that never ended may have left a sidecar without bytes.
  for (const name of unfinished) await removal.discardSidecar(name)
}

async function isAbandoned(writer: string, path: string, now: number): Promise<boolean> {
  const alive = isWriterAlive(writer)
  if (alive !== undefined) return !alive
  let latest = (await lstat(path)).mtimeMs
  for (const entry of await namesIn(path)) {
    const { mtimeMs } = await lstat(path + sep + entry)
    latest = Math.max(latest, mtimeMs)
  }
  return now - latest > abandonedMs
}

/** Adds the name that a staged file or a mark is for. */
function noteName(entry: string, names: Set<string>): void {
  const name = entry.slice(0, Math.max(0, entry.indexOf('~'))).replace(/\.json$/, '')
  if (parsePhysicalName(name) !== undefined) names.add(name)
}

async function namesIn(folder: string): Promise<string[]> {
  // What is no folder or gone meanwhile holds nothing.
  return readdir(folder).catch(() => [])
}
