import { lstat, unlink } from 'node:fs/promises'
import { sep } from 'node:path'
import { parsePhysicalName } from '@lash/attachments-core/backend'
import type { Disk } from '../disk/disk.ts'
import type { Folders } from '../disk/folders.ts'
import { deleteIfEmpty, foldersIn, namesIn } from '../disk/if-present.ts'
import type { Layout } from '../disk/layout.ts'
import { stagedName } from '../disk/staging.ts'
import { lookAt } from '../disk/stat.ts'
import { isWriterAlive, isWriterId } from '../disk/writer-id.ts'
import type { Removal } from './removal.ts'
import { deleteMark, type FoundMark, marksIn, namesMarkedBy } from './removal-mark.ts'

/** After so long without a change, what an unknown writer left counts as abandoned. No put or removal takes longer. */
const abandonedMs = 24 * 60 * 60 * 1000

/**
 * Deletes what crashed writers left in `root/tmp`: at once when the writer is certainly dead; after a day without a
 * change when that cannot be known (another machine or container). Touches only what carries a writer's id, and in a
 * writer's folder only what writers make there: everything else belongs to somebody else.
 *
 * A wrong guess would do no harm: a write whose staged file is swept starts again, a removal whose mark is swept takes
 * the rest under new marks, and a content whose spool file is swept still has it open. Ages are measured against a time
 * that the same file system has given to a file of this store, not against this machine's clock.
 */
export async function sweepStaging(disk: Disk, layout: Layout, folders: Folders, removal: Removal): Promise<void> {
  const now = (await lstat(folders.writerFolder)).mtimeMs
  const unfinished = new Set<string>()
  for (const writer of await disk.run(foldersIn(disk, layout.staging))) {
    if (!isWriterId(writer) || writer === folders.writerId) continue
    await sweepWriter(disk, layout.staging + sep + writer, writer, now, unfinished).catch(leave)
  }
  for (const mark of await disk.run(marksIn(disk, layout))) {
    if (mark.writer !== folders.writerId) await sweepMark(disk, mark, now, unfinished).catch(leave)
  }
  await disk.run(deleteIfEmpty(disk, layout.removing))
  // A write or a removal that never ended may have left a sidecar without bytes.
  await removal.discardSidecars([...unfinished])
}

/** A failure to sweep one thing must not stop the sweep of the others. */
function leave(): void {}

async function sweepWriter(
  disk: Disk,
  folder: string,
  writer: string,
  now: number,
  unfinished: Set<string>,
): Promise<void> {
  if (!(await isAbandoned(disk, writer, folder, now))) return
  for (const entry of await disk.run(namesIn(disk, folder))) {
    const name = stagedName(entry)
    if (name === undefined && !entry.startsWith('spool-')) continue
    if (name !== undefined) unfinished.add(name)
    await unlink(folder + sep + entry)
  }
  await disk.run(deleteIfEmpty(disk, folder))
}

async function sweepMark(disk: Disk, mark: FoundMark, now: number, unfinished: Set<string>): Promise<void> {
  // A list whose folder is gone belongs to a mark that is over.
  const isThere = (await disk.run(lookAt(disk, mark.folder))) !== undefined
  if (isThere && !(await isAbandoned(disk, mark.writer, mark.folder, now))) return
  for (const name of await disk.run(namesMarkedBy(disk, mark)))
    if (parsePhysicalName(name) !== undefined) unfinished.add(name)
  await disk.run(deleteMark(disk, mark.folder, mark.name !== undefined))
}

async function isAbandoned(disk: Disk, writer: string, path: string, now: number): Promise<boolean> {
  const alive = isWriterAlive(writer)
  if (alive !== undefined) return !alive
  let latest = (await lstat(path)).mtimeMs
  for (const entry of await disk.run(namesIn(disk, path))) {
    const { mtimeMs } = await lstat(path + sep + entry)
    latest = Math.max(latest, mtimeMs)
  }
  return now - latest > abandonedMs
}
