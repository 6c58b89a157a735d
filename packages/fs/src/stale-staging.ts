import { lstat, readdir, rm } from 'node:fs/promises'
import { basename, sep } from 'node:path'
import { parsePhysicalName } from '@lash/attachments-core/backend'
import type { Folders } from './folders.ts'
import type { Layout } from './layout.ts'
import { statOf } from './presence.ts'
import type { Removal } from './removal.ts'
import { deleteMark, marksIn, namesMarkedBy } from './removal-mark.ts'
import { deleteEmptyFolder } from './vanishing.ts'
import { isWriterAlive } from './writer-name.ts'

/** After so long without a change, what a writer left that cannot be asked after is taken for abandoned. */
const abandonedMs = 24 * 60 * 60 * 1000

/**
 * Deletes what crashed writers left in `root/tmp`: at once when its writer is provably dead, after a day without a change when it
 * cannot be known (another machine or container).
 *
 * It would do no harm to be wrong: a write whose staged file is swept starts again, a removal whose mark is swept takes the rest
 * under new ones, and a content whose spool file is swept still has it open. Times are compared with the time that the
 * same file system gives to a file of ours, not with this machine's clock.
 */
export async function sweepStaging(layout: Layout, folders: Folders, removal: Removal): Promise<void> {
  const now = (await lstat(folders.writerFolder)).mtimeMs
  const unfinished = new Set<string>()
  for (const entry of await namesIn(layout.staging)) {
    const path = layout.staging + sep + entry
    if (entry === folders.writerName || path === layout.removing) continue
    if (!(await isAbandoned(entry, path, now))) continue
    for (const staged of await namesIn(path)) {
      noteName(staged.slice(0, Math.max(0, staged.indexOf('~'))).replace(/\.json$/, ''), unfinished)
    }
    await rm(path, { recursive: true, force: true })
  }
  for (const mark of marksIn(layout)) {
    const unique = basename(mark)
    const writer = unique.slice(0, unique.lastIndexOf('-'))
    if (writer === folders.writerName) continue
    // What is left of a mark without its folder stops nobody.
    if (statOf(mark) !== undefined && !(await isAbandoned(writer, mark, now))) continue
    for (const name of namesMarkedBy(mark)) noteName(name, unfinished)
    deleteMark(mark)
  }
  deleteEmptyFolder(layout.removing)
  // A write or a removal that never ended may have left a sidecar without bytes.
  await removal.discardSidecars([...unfinished])
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

function noteName(name: string, names: Set<string>): void {
  if (parsePhysicalName(name) !== undefined) names.add(name)
}

async function namesIn(folder: string): Promise<string[]> {
  // What is no folder or gone meanwhile holds nothing.
  return readdir(folder).catch(() => [])
}
