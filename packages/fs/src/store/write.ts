import type { AttachmentContent, AttachmentKey, AttachmentMeta } from '@lash/attachments-core'
import { physicalName, Semaphore } from '@lash/attachments-core/backend'
import { type DirectorySync, syncFile } from '../disk/directory-sync.ts'
import type { Disk } from '../disk/disk.ts'
import type { Folders } from '../disk/folders.ts'
import { hasCode, ioError } from '../disk/io-error.ts'
import { type Layout, shardOf } from '../disk/layout.ts'
import { type StagedFile, Staging, synchronousWriteBytes } from '../disk/staging.ts'
import { WriteConflict } from '../disk/write-conflict.ts'
import type { Removal } from '../removal/removal.ts'
import { blobIdentity, intactIdentity, isIntact } from './intact.ts'
import { KeyedQueue } from './keyed-queue.ts'
import { NewSidecar } from './new-sidecar.ts'
import { SyncedBlobs } from './synced-blobs.ts'
import { writeUnsynced } from './unsynced-write.ts'

/** A write starts again once for each removal of the same name that overlaps it; more than this is not chance. */
const maxAttempts = 100
/** Writes under way at once. Each holds two files open, and even a thousand puts must not run out of descriptors. */
const writesAtOnce = 64

/**
 * Writes blobs so that each is whole or absent after a crash or a power cut at any moment. The steps, each after the
 * one before:
 *
 * 1. write the bytes to staging, where nobody reads;
 * 2. fence off removals of the same name that are under way (see removal.ts);
 * 3. make the sidecar under its name, where that is free, and write it: without bytes it is no blob (see
 *    new-sidecar.ts). Sync bytes and sidecar; where the name was taken, put the sidecar in its place now;
 * 4. sync the folder;
 * 5. name the bytes, and sync the folder: the blob is there, and stays.
 *
 * Step 4 has a sync of its own because a power cut may keep one of two names that are not synced, and lose the other.
 * It comes after those of the files: on a file system with a journal they have made the name durable too, and it has
 * nothing to wait for. All three at once would be two commits of the journal.
 *
 * Between any two calls others may make theirs: other processes always, and where the disk is slow (see pace.ts) other
 * calls of this store. Its puts of one name wait for each other. Its removals know no more of its writes than those of
 * other processes do. A folder that goes meanwhile makes the write start again.
 */
export class Writer {
  readonly #disk: Disk
  readonly #layout: Layout
  readonly #folders: Folders
  readonly #removal: Removal
  /** Undefined when durability is relaxed: then nothing is synced. */
  readonly #directories: DirectorySync | undefined
  readonly #staging: Staging
  readonly #queue = new KeyedQueue()
  readonly #underWay = new Semaphore(writesAtOnce)
  readonly #synced = new SyncedBlobs()
  /** Blobs that were found, and whose sync failed. The kernel reports that only once, so they must be written anew. */
  readonly #suspect = new Set<string>()

  constructor(disk: Disk, layout: Layout, folders: Folders, removal: Removal, directories: DirectorySync | undefined) {
    this.#disk = disk
    this.#layout = layout
    this.#folders = folders
    this.#removal = removal
    this.#directories = directories
    this.#staging = new Staging(disk, folders.writerFolder)
  }

  /** Undefined when the write is done already. */
  write(
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    signal: AbortSignal | undefined,
  ): Promise<void> | undefined {
    const name = physicalName(key)
    if (this.#queue.isBusy(name)) return this.#writeInTurn(name, key, content, meta, signal)
    signal?.throwIfAborted()
    const outcome = this.#writeAtOnce(name, key, content, meta)
    if (outcome === 'done') return undefined
    return this.#writeInTurn(name, key, content, meta, signal, outcome === 'failed')
  }

  /** Does what needs no waiting: there is nothing to write, or it is small and needs no sync. */
  #writeAtOnce(
    name: string,
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
  ): 'done' | 'failed' | 'has to wait' {
    if (this.#disk.isSlow) return 'has to wait'
    if (this.#directories !== undefined) {
      if (!this.#synced.knows(name)) return 'has to wait'
      const found = this.#disk.run(intactIdentity(this.#disk, this.#layout, name, key.id, content.byteLength))
      return typeof found === 'string' && this.#isSynced(name, found) ? 'done' : 'has to wait'
    }
    const isThere = this.#disk.run(isIntact(this.#disk, this.#layout, name, key.id, content.byteLength))
    if (isThere === true) return 'done'
    const { bytes, byteLength } = content
    if (bytes === undefined || byteLength > synchronousWriteBytes) return 'has to wait'
    // It may be known only since that look.
    if (this.#disk.isSlow) return 'has to wait'
    try {
      this.#disk.run(writeUnsynced(this.#layout, this.#folders, this.#removal, this.#staging, name, bytes, meta))
      return 'done'
    } catch {
      return 'failed'
    }
  }

  /**
   * @param failed - whether a write at once has failed, and may have left a sidecar. A lasting cause stops this too.
   */
  #writeInTurn(
    name: string,
    key: AttachmentKey,
    content: AttachmentContent,
    meta: AttachmentMeta,
    signal: AbortSignal | undefined,
    failed: boolean = false,
  ): Promise<void> {
    return this.#queue.run(name, async () => {
      if (failed) {
        await this.#removal.discardSidecars([name])
        this.#folders.forget()
      }
      for (let attempt = 1; ; attempt++) {
        signal?.throwIfAborted()
        const look = intactIdentity(this.#disk, this.#layout, name, key.id, content.byteLength)
        const found = await this.#disk.run(look, signal)
        try {
          if (found !== undefined && !this.#suspect.has(name)) return await this.#ensureSynced(name, found)
          return await this.#underWay.run(() => this.#publish(name, content, meta, signal), 1, signal)
        } catch (error) {
          if (!(error instanceof WriteConflict)) throw error
          if (attempt === maxAttempts) throw ioError('write', this.#layout.bytesPath(name), error.cause, key.id)
          this.#folders.forget()
        }
      }
    })
  }

  async #publish(
    name: string,
    content: AttachmentContent,
    meta: AttachmentMeta,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted()
    const shard = shardOf(name)
    await this.#disk.run(this.#folders.make(shard))
    const opened = this.#folders.durable(shard)
    const bytes = await this.#staging.stageContent(name, content, signal)
    let sidecar: NewSidecar | undefined
    try {
      await this.#disk.run(this.#removal.fenceOff(name))
      sidecar = await this.#disk.run(NewSidecar.make(this.#disk, this.#layout, this.#staging, name))
      await this.#disk.run(sidecar.write(meta))
      if (content.bytes === undefined) await this.#disk.run(bytes.adoptMode(sidecar.file))
      await all(this.#finish(bytes), this.#finish(sidecar.file))
      await this.#disk.run(sidecar.publish())
      await this.#syncShard(shard)
      // Others must not find, and rely on, a blob whose folder may not last.
      await opened
      signal?.throwIfAborted()
      await this.#disk.run(bytes.publish(this.#layout.bytesPath(name)))
    } catch (error) {
      await this.#disk.run(bytes.discard())
      if (sidecar !== undefined) await this.#disk.run(sidecar.discard())
      if (sidecar?.isNamed) await this.#removal.discardSidecars([name])
      throw error
    }
    // A rename between two names of one file does nothing: a spool file that was linked before keeps its staged name.
    if (content.bytes === undefined) await this.#disk.run(bytes.discard())
    // From here on others may rely on the blob, so a failure leaves it where it is.
    await this.#syncShard(shard)
    this.#synced.add(name, blobIdentity(bytes.identity, sidecar.file.identity))
    this.#suspect.delete(name)
  }

  async #finish(file: StagedFile): Promise<void> {
    if (this.#directories === undefined) await this.#disk.run(file.close())
    else await file.sync()
  }

  async #syncShard(shard: string): Promise<void> {
    await this.#directories?.sync(this.#layout.shardFolder(shard))
  }

  /**
   * Makes sure that a blob that was found survives a power cut: another process may have named it a moment ago and not
   * synced it yet, or may never sync. Done once for each blob, and then remembered.
   */
  async #ensureSynced(name: string, identity: string): Promise<void> {
    if (this.#directories === undefined || this.#isSynced(name, identity)) return
    await this.#underWay.run(() => this.#syncFoundBlob(name))
    this.#synced.add(name, identity)
  }

  #isSynced(name: string, identity: string): boolean {
    return this.#synced.has(name, identity) && !this.#suspect.has(name)
  }

  async #syncFoundBlob(name: string): Promise<void> {
    const shard = shardOf(name)
    await this.#disk.run(this.#folders.make(shard))
    const opened = this.#folders.durable(shard)
    const [bytes, sidecar] = [this.#layout.bytesPath(name), this.#layout.sidecarPath(name)]
    await all(this.#syncFound(name, bytes), this.#syncFound(name, sidecar), this.#syncShard(shard), opened)
  }

  async #syncFound(name: string, path: string): Promise<void> {
    let descriptor: number | undefined
    try {
      descriptor = await this.#disk.open(path, process.platform === 'win32' ? 'r+' : 'r')
      await syncFile(descriptor)
    } catch (cause) {
      // Removed meanwhile.
      if (hasCode(cause, 'ENOENT')) throw new WriteConflict(cause)
      if (descriptor !== undefined) this.#suspect.add(name)
      throw ioError('sync', path, cause)
    } finally {
      if (descriptor !== undefined) await this.#disk.close(descriptor, path)
    }
  }
}

/**
 * Waits for all, even when one fails: what is left can be cleaned up, and the next try be trusted to hear of a failed
 * sync, only when none is running any more.
 */
async function all(...promises: (Promise<void> | undefined)[]): Promise<void> {
  const results = await Promise.allSettled(promises)
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason
  }
}
