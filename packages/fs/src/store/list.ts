import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { sep } from 'node:path'
import type { AttachmentId, AttachmentListing } from '@lash/attachments-core'
import { LoopYield, parsePhysicalName } from '@lash/attachments-core/backend'
import type { Disk } from '../disk/disk.ts'
import { hasCode, ioError } from '../disk/io-error.ts'
import type { Layout } from '../disk/layout.ts'
import { lookAt } from '../disk/stat.ts'

/** Every blob whose id begins with the prefix, shard by shard: only the names of one shard are held in memory. */
export async function* listBlobs(
  disk: Disk,
  layout: Layout,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<AttachmentListing, void, void> {
  const loopYield = new LoopYield()
  for (const shard of await shardsOf(layout, prefix)) {
    const folder = layout.shardFolder(shard)
    for (const name of await namesInShard(folder)) {
      signal?.throwIfAborted()
      const key = parsePhysicalName(name)
      // A file in the wrong shard is not found by its id, so it is not ours.
      if (key === undefined || !name.startsWith(shard) || !name.startsWith(prefix)) continue
      await loopYield.beforeStep()
      const stats = await statOfEntry(disk, folder + sep + name, key.id)
      if (stats?.isFile() !== true) continue
      yield { ...key, byteLength: stats.size, lastModifiedMs: stats.mtimeMs }
    }
  }
}

async function shardsOf(layout: Layout, prefix: string): Promise<string[]> {
  if (prefix.length >= 2) return [prefix.slice(0, 2)]
  const names = await namesIn(layout.shards)
  return names.filter(name => /^[0-9a-f]{2}$/.test(name) && name.startsWith(prefix)).sort()
}

/**
 * The names in a shard; none when a file or a dangling link stands in its place: that must not stop the whole listing.
 */
async function namesInShard(folder: string): Promise<string[]> {
  try {
    return await namesIn(folder)
  } catch (error) {
    if (await isForeign(error as Error, folder)) return []
    throw error
  }
}

/** The state of an entry, or of what it links to; undefined when it is gone, or a link that leads nowhere. */
async function statOfEntry(disk: Disk, path: string, id: AttachmentId): Promise<Stats | undefined> {
  try {
    return await disk.run(lookAt(disk, path, id))
  } catch (error) {
    if (await isForeign(error as Error, path)) return undefined
    throw error
  }
}

/**
 * Whether a call failed because of what stands at the path itself, which no store has made, and not of a folder above.
 */
async function isForeign({ cause }: Error, path: string): Promise<boolean> {
  if (!hasCode(cause, 'ELOOP', 'ENOTDIR')) return false
  try {
    return !(await lstat(path)).isDirectory()
  } catch {
    return false
  }
}

/** The names in a folder; none when there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return []
    throw ioError('list', folder, cause)
  }
}
